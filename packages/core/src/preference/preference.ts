import type { Peer } from '../peer.ts';

/**
 * Favours some peers over others for where they are, not for how they do: what to multiply each peer's weight by. 0 leaves a
 * peer out. A pure function, asked when the peers that may be picked change; O(n).
 *
 * It acts through the weight, so that it works under every policy that looks at weights. Under one that does not (`random`,
 * `roundRobin`), it can only leave peers out.
 *
 * `available` are the peers to choose among, whose `weight` is set and above 0; `serving` are all that would be there were
 * none ejected. The answer has one factor for each of `available`; when all are 0 it is not followed.
 */
export type Preference = (available: readonly Peer[], serving: readonly Peer[]) => readonly number[];

/**
 * Factors that give each group of peers the part of the traffic that `shareOf` says, divided inside the group by weight (and by
 * `within`). A factor is the group's part of the traffic over its part of the weight: 1 for whoever gets what its weight earns,
 * so the sum of weights, and with it the cost of a request in flight, stays as it was.
 */
export function shareOut<Group>(
  peers: readonly Peer[],
  groupOf: (peer: Peer) => Group,
  shareOf: (group: Group) => number,
  within?: (members: readonly Peer[]) => readonly number[],
): number[] {
  const groups = groupBy(peers, groupOf);
  const total = sumOfWeights(peers);
  const factorOf = new Map<Peer, number>();
  for (const [group, members] of groups) {
    const factor = (shareOf(group) * total) / sumOfWeights(members);
    const inner = within?.(members);
    for (const [index, peer] of members.entries()) factorOf.set(peer, factor * (inner?.[index] ?? 1));
  }
  return peers.map((peer) => factorOf.get(peer) ?? 0);
}

export function groupBy<Group>(peers: readonly Peer[], groupOf: (peer: Peer) => Group): Map<Group, Peer[]> {
  const groups = new Map<Group, Peer[]>();
  for (const peer of peers) {
    const group = groupOf(peer);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [peer]);
    else members.push(peer);
  }
  return groups;
}

export function sumOfWeights(peers: readonly Peer[]): number {
  let sum = 0;
  for (const peer of peers) sum += peer.weight;
  return sum;
}
