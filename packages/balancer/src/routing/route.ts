import type { Peer } from '@lb/core';

/** Where one request may go, by the peers that there are when it is asked. */
export interface Route {
  /** What sticky policies hash. */
  readonly key: string | undefined;
  /** Peers that it must not go to. */
  readonly barred: ReadonlySet<Peer> | undefined;
  /** Peers that it goes to only when nobody else has room. */
  readonly avoided: ReadonlySet<Peer> | undefined;
}

export const anywhere: Route = { key: undefined, barred: undefined, avoided: undefined };

/** All that is in one of `sets`; the set itself when there is only one. */
export function union(...sets: readonly (ReadonlySet<Peer> | undefined)[]): ReadonlySet<Peer> | undefined {
  const given = sets.filter((set) => set !== undefined);
  return given.length < 2 ? given[0] : new Set(given.flatMap((set) => [...set]));
}
