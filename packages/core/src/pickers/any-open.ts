import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';

/**
 * One open peer at random, or `undefined` when none is; each as likely as its `shareOf` says. O(n): the way out for pickers
 * that draw, taken only after they have drawn peers that are full or excluded.
 */
export function anyOpen(
  peers: readonly Peer[],
  context: PickContext,
  random: Random,
  shareOf: (peer: Peer) => number,
): Peer | undefined {
  let chosen: Peer | undefined;
  let seen = 0;
  for (const peer of peers) {
    if (!isOpen(peer, context)) continue;
    const share = shareOf(peer);
    seen += share;
    // Reservoir sampling of one: each peer replaces the choice with its part of what was seen so far.
    if (chosen === undefined || random() * seen < share) chosen = peer;
  }
  return chosen;
}

export const equalShare = (_peer: Peer): number => 1;
export const weightShare = (peer: Peer): number => peer.weight;
