import type { Connection } from '../etcd/connection.ts';

/** How long a lease has. */
export interface Lease {
  /** What its owner asked for, and gets anew with each renewal. */
  readonly grantedSeconds: number;
  /** What is left, in whole seconds; -1 when it is over. */
  readonly leftSeconds: number;
}

/** What a key says that hangs on no lease. */
export const noLease = '0';

/** Calls under way at once: enough to hide the way there and back, too few to be in anyone's way. */
const atOnce = 32;

/** Asks how long each lease has. Rejects with `EtcdError`. One call a lease. */
export async function readLeases(
  connection: Connection,
  ids: Iterable<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Lease>> {
  const leases = new Map<string, Lease>();
  const left = ids[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      const ID = next.value;
      const { TTL, grantedTTL } = await connection.call(
        'leaseTimeToLive',
        ({ leaseClient }, options) => leaseClient.leaseTimeToLive({ ID }, options),
        { signal },
      );
      leases.set(ID, { grantedSeconds: Number(grantedTTL), leftSeconds: Number(TTL) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return leases;
}
