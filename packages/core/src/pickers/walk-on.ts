import type { Peer } from '../peer.ts';
import type { PickContext } from '../policy.ts';
import { type Bound, hasRoom } from './hash-picker.ts';
import type { IndexTable } from './index-table.ts';

/**
 * The first peer with room at or after `start` in `owners`, a circle of indexes into `peers`; `undefined` when none has.
 * O(steps): one over the share of peers with room, on average; O(n) when there is none.
 */
export function walkOn(
  owners: IndexTable,
  start: number,
  peers: readonly Peer[],
  bound: Bound,
  context: PickContext,
): Peer | undefined {
  for (let step = 0; step < owners.length; step += 1) {
    const peer = peers[owners[(start + step) % owners.length]!]!;
    if (hasRoom(peer, bound, context)) return peer;
    // A circle has many times more entries than peers. Past this, asking each peer once is cheaper than walking all the way.
    if (step === peers.length && !peers.some((other) => hasRoom(other, bound, context))) return undefined;
  }
  // Somebody has room, but so little weight that no entry is theirs.
  return peers.find((peer) => hasRoom(peer, bound, context));
}
