import type { Endpoint, Peer, PeerStatus, Replaced } from '@lb/core';

import { nameOf } from './narrator.ts';
import type { EjectionSummary, OverrideSummary, PeerSummary, TrafficSummary } from './wire.ts';

/** What is known of one peer. */
export interface PeerFacts {
  readonly peer: Peer;
  readonly status: PeerStatus;
  readonly traffic: TrafficSummary;
  readonly inSecond: number;
  readonly ejections: number;
  readonly knownMs: number;
}

/** What it is a part of, and when. */
export interface Whole {
  /** Effective weights of all peers, and their attempts in the window. */
  readonly weights: number;
  readonly attempts: number;
  readonly now: number;
  readonly wallClock: number;
}

export function peerSummary(facts: PeerFacts, whole: Whole): PeerSummary {
  const { peer, status, traffic, inSecond, ejections, knownMs } = facts;
  const { endpoint } = peer;
  return {
    id: peer.id,
    name: nameOf(peer),
    origin: endpoint.origin,
    zone: endpoint.zone ?? null,
    version: endpoint.metadata['version'] ?? null,
    state: status.state,
    weight: status.weight,
    effectiveWeight: status.effectiveWeight,
    weightShare: whole.weights === 0 ? 0 : status.effectiveWeight / whole.weights,
    share: whole.attempts === 0 ? null : traffic.count / whole.attempts,
    inFlight: status.inFlight,
    limit: Number.isFinite(status.limit) ? status.limit : null,
    ...traffic,
    inSecond,
    ejections,
    ejection: ejectionSummary(status, whole.now),
    overrides: overridesOf(endpoint),
    upMs: endpoint.startedAt === undefined ? null : Math.max(0, whole.wallClock - endpoint.startedAt),
    knownMs,
  };
}

function ejectionSummary({ ejection }: PeerStatus, now: number): EjectionSummary | null {
  if (ejection === undefined) return null;
  const { reason, since, until, count } = ejection;
  return { reason, agoMs: now - since, leftMs: until === Infinity ? null : Math.max(0, until - now), count };
}

function overridesOf({ overridden, ...endpoint }: Endpoint): OverrideSummary[] {
  if (overridden === undefined) return [];
  const { weight, state, maxConcurrency } = overridden;
  return [
    ...summary('weight', weight, endpoint.weight ?? 1, '1'),
    ...summary('state', state, endpoint.state, 'serving'),
    ...summary('maxConcurrency', maxConcurrency, endpoint.maxConcurrency ?? 'none', 'none'),
  ];
}

/** `absent` is what it means that the provider has registered nothing for the field. */
function summary(
  field: OverrideSummary['field'],
  replaced: Replaced<string | number | undefined> | undefined,
  to: string | number,
  absent: string,
): OverrideSummary[] {
  if (replaced === undefined) return [];
  const { registered, by, at } = replaced;
  return [{ field, to: String(to), registered: String(registered ?? absent), by, at }];
}
