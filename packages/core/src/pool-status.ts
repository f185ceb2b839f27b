/** What a pool looks like at one moment, for a page, a metric or a log. Plain data, safe to keep and to serialize. */
import type { Tier } from './availability.ts';
import type { Ejection } from './health/ejection.ts';
import type { Member } from './member.ts';
import { noLimit, weightOf } from './peer.ts';

/**
 * Where a peer stands: takes its full part (`serving`), is warming up, finishes what it has (`draining`), is set aside, is being
 * tried again after that, or is no longer listed by the registry. The first that applies, from the end of this list.
 */
export type PeerState = 'serving' | 'warming' | 'draining' | 'ejected' | 'probing' | 'suspect';

/** One peer in a {@link PoolStatus}. */
export interface PeerStatus {
  readonly id: string;
  readonly origin: string;
  readonly zone: string | undefined;
  readonly state: PeerState;
  /** What the endpoint asks for. */
  readonly weight: number;
  /** What it gets now: 0 for a peer that is not picked from. */
  readonly effectiveWeight: number;
  readonly inFlight: number;
  /** Most attempts in flight at once; Infinity, which JSON writes as null, for no limit. */
  readonly limit: number;
  /** Set while it is ejected or on probation, of suspects too. */
  readonly ejection: Ejection | undefined;
}

/** A pool in plain data, for pages, logs and tests. */
export interface PoolStatus {
  readonly service: string;
  readonly policy: string;
  /** Of the last snapshot; -1 before the first. */
  readonly revision: number;
  readonly tier: Tier;
  /** How many peers could be picked were none ejected. */
  readonly candidates: number;
  /** How many of these are ejected or on probation. */
  readonly ejected: number;
  /** How many candidates there should be, by what was there of late; panic compares with it. */
  readonly baseline: number;
  readonly suspects: number;
  readonly peers: readonly PeerStatus[];
}

export function peerStatus(member: Member): PeerStatus {
  const { peer } = member;
  const { id, endpoint, weight, limit, ejection } = peer;
  return {
    id,
    origin: endpoint.origin,
    zone: endpoint.zone,
    state: stateOf(member),
    weight: weightOf(endpoint),
    effectiveWeight: weight,
    inFlight: peer.load.inFlight,
    limit: limit === noLimit ? Infinity : limit,
    ejection,
  };
}

function stateOf({ peer, warmth }: Member): PeerState {
  if (peer.suspect) return 'suspect';
  if (peer.ejection !== undefined) return peer.ejection.probing ? 'probing' : 'ejected';
  if (peer.endpoint.state === 'draining') return 'draining';
  return warmth < 1 ? 'warming' : 'serving';
}
