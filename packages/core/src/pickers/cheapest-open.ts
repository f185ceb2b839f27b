import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';

/** The open peer that costs least now; of several that cost the same, each as likely as its weight says. O(n). */
export function cheapestOpen(peers: readonly Peer[], context: PickContext, random: Random): Peer | undefined {
  const [first] = peers;
  if (first !== undefined && peers.length === 1) return isOpen(first, context) ? first : undefined;
  let cheapest: Peer | undefined;
  let least = Infinity;
  let tied = 0;
  for (const peer of peers) {
    if (!isOpen(peer, context)) continue;
    const cost = peer.load.cost(context.now, peer.relativeWeight);
    if (cheapest === undefined || cost < least) {
      cheapest = peer;
      least = cost;
      tied = peer.weight;
    } else if (cost === least) {
      // Reservoir sampling of one: each replaces the choice with its part of the weight seen at this cost.
      tied += peer.weight;
      if (random() * tied < peer.weight) cheapest = peer;
    }
  }
  return cheapest;
}
