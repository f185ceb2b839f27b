/**
 * Which peers may be picked now, and with what weight. Health narrows the list here, before a policy sees it.
 *
 * There are three tiers, each for when the one before has nothing left to give:
 *
 * - `available`: present, serving, weight above 0, and not ejected;
 * - `panic`: all that serve, ejected ones and suspects included, when those available are fewer than half of what there should be.
 *   The few would break under the load of all, and what ejected so many is then more likely the client's own fault or a wrong
 *   rule than theirs (Envoy, "Panic threshold"; Finagle, `PanicMode`);
 * - `last-resort`: those that drain, or whose weight is 0, when nobody serves at all, as Kubernetes uses endpoints that are
 *   terminating but still serve (KEP-1669).
 */
import type { SlowStart } from './health/slow-start.ts';
import type { Member } from './member.ts';
import { meanWeight, type Peer, takesWork, weightOf } from './peer.ts';
import type { Preference } from './preference/preference.ts';

/** Which peers are being picked from; `none` when there is no peer at all. */
export type Tier = 'available' | 'panic' | 'last-resort' | 'none';

export interface Availability {
  readonly tier: Tier;
  /** Those of the tier. */
  readonly members: readonly Member[];
  /** Those that would be available were none ejected. */
  readonly candidates: readonly Member[];
  /** How many of these are ejected. */
  readonly ejected: number;
}

/**
 * `candidates` are those of `members` that count; `baseline` is how many there should be, and `panicShare` the part of it below
 * which panic begins. O(n).
 */
export function availability(
  members: readonly Member[],
  candidates: readonly Member[],
  baseline: number,
  panicShare: number,
): Availability {
  const available = candidates.filter(({ peer }) => peer.ejection === undefined);
  const found = { candidates, ejected: candidates.length - available.length };
  if (available.length > 0 && available.length >= panicShare * baseline) {
    return { ...found, tier: 'available', members: available };
  }
  const serving = members.filter(({ peer }) => takesWork(peer.endpoint));
  if (serving.length > 0) return { ...found, tier: 'panic', members: serving };
  return { ...found, tier: members.length > 0 ? 'last-resort' : 'none', members };
}

/** Who is to be picked from. */
interface Weighed {
  readonly peers: readonly Peer[];
  /** Whether one of them is still warming up. */
  readonly warming: boolean;
}

/**
 * Writes the weight of each peer that may be picked, and returns those to pick from, fewer if a preference leaves some out. In panic all
 * count as they are: there is no room for warming up or for preferring. O(n).
 */
export function weigh(
  available: Availability,
  slowStart: SlowStart,
  preference: Preference | undefined,
  now: number,
): Weighed {
  const weighed = weighEach(available, slowStart, preference, now);
  relate(weighed.peers);
  return weighed;
}

/** Writes what each weight is of the mean. */
function relate(peers: readonly Peer[]): void {
  const mean = meanWeight(peers);
  for (const peer of peers) peer.relativeWeight = peer.weight / mean;
}

function weighEach(
  { tier, members, candidates }: Availability,
  slowStart: SlowStart,
  preference: Preference | undefined,
  now: number,
): Weighed {
  const peers = members.map(({ peer }) => peer);
  for (const member of members) {
    member.peer.weight = weightOf(member.peer.endpoint) * member.share || 1;
    member.warmth = 1;
  }
  if (tier !== 'available') return { peers, warming: false };
  const warming = warmUp(members, slowStart, now);
  return { peers: preference === undefined ? peers : prefer(peers, candidates, preference), warming };
}

/** Takes from each peer's weight what it has not warmed up to yet; false when all are warm. */
function warmUp(members: readonly Member[], slowStart: SlowStart, now: number): boolean {
  let coldest = 1;
  let warmest = 0;
  for (const { warmSince } of members) {
    const factor = slowStart.factor(now - warmSince);
    if (factor < coldest) coldest = factor;
    if (factor > warmest) warmest = factor;
  }
  if (coldest === 1) return false;
  // Only differences matter: when all are equally new, all get their whole weight.
  for (const member of members) {
    member.warmth = slowStart.factor(now - member.warmSince) / warmest;
    member.peer.weight *= member.warmth;
  }
  return true;
}

function prefer(peers: readonly Peer[], candidates: readonly Member[], preference: Preference): readonly Peer[] {
  const serving = candidates.map(({ peer }) => peer);
  const factors = preference(peers, serving);
  const preferred = peers.filter((_peer, index) => factors[index]! > 0);
  if (preferred.length === 0) return peers;
  for (const [index, peer] of peers.entries()) peer.weight *= factors[index]!;
  return preferred;
}
