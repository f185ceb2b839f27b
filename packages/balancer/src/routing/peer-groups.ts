import type { Endpoint, Peer, PeerPool } from '@lb/core';

/** Metadata that an endpoint must have, such as `{ version: '2' }`. */
export type Tags = Readonly<Record<string, string>>;

/**
 * Which peers are outside a group, such as those of another version or zone. Worked out once for each group and each change of the
 * pool: O(n) then, O(1) for the requests between.
 */
export class PeerGroups {
  readonly #pool: PeerPool;
  readonly #outside = new Map<string, ReadonlySet<Peer>>();

  constructor(pool: PeerPool) {
    this.#pool = pool;
  }

  /** The pool has changed. */
  forget(): void {
    this.#outside.clear();
  }

  /** The peers without these tags. */
  withoutTags(tags: Tags): ReadonlySet<Peer> {
    const wanted = Object.entries(tags).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return this.#find(`tags ${JSON.stringify(wanted)}`, ({ metadata }) =>
      wanted.every(([name, value]) => metadata[name] === value),
    );
  }

  /** The peers that are in another zone, or in none. */
  outsideZone(zone: string): ReadonlySet<Peer> {
    return this.#find(`zone ${zone}`, (endpoint) => endpoint.zone === zone);
  }

  #find(name: string, isInside: (endpoint: Endpoint) => boolean): ReadonlySet<Peer> {
    let outside = this.#outside.get(name);
    if (outside === undefined) {
      outside = new Set([...this.#pool.peers].filter(({ endpoint }) => !isInside(endpoint)));
      // Groups come from requests, and could be any number.
      if (this.#outside.size >= mostGroups) this.#outside.clear();
      this.#outside.set(name, outside);
    }
    return outside;
  }
}

const mostGroups = 1000;
