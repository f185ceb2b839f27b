/**
 * What `/lb/state.json`, `/lb/history.json` and `/lb/events` say, for the page and for programs. Types only: the page's own modules, which run in a
 * browser, are checked against them.
 *
 * Times of day are in milliseconds since the Unix epoch by the consumer's clock; what happened at one moment is told as how long ago it was,
 * so that a reader's clock does not matter. `null` stands for what there is none of.
 */
import type { FailureReason, PeerState, Tier } from '@lb/core';

import type { PolicyName } from './action.ts';

/** `/lb/state.json`, and the `state` events. */
export interface ConsumerState {
  /** When this was true. */
  readonly at: number;
  readonly service: string;
  readonly policy: string;
  /** Which peers are picked from; `panic` when too few are available, and all are used. */
  readonly tier: Tier;
  /** Peers that could be picked were none ejected, and how many of them are. */
  readonly candidates: number;
  readonly ejected: number;
  readonly suspects: number;
  readonly registry: RegistryState;
  /** Seconds that rates and shares are taken over. */
  readonly windowSeconds: number;
  readonly requests: RequestSummary;
  /** Attempts: what went to providers. A request that is retried is more than one. */
  readonly traffic: Pick<TrafficSummary, 'total' | 'failedTotal' | 'perSecond'>;
  readonly retryBudget: RetryBudgetState;
  /** The last second that is over, as charts show it. */
  readonly second: SecondSummary | null;
  readonly peers: readonly PeerSummary[];
  readonly actions: ActionsState;
}

export interface RegistryState {
  /** Of the snapshot in use; -1 before the first. */
  readonly revision: number;
  readonly endpoints: number;
  /** Why the snapshot may be out of date; false when it is not. */
  readonly stale: false | string;
  /** Since etcd last said anything. */
  readonly ageMs: number | null;
  /** The same for what operators have set; `null` when that is not followed. */
  readonly overridesStale: false | string | null;
  /** Values that were skipped. */
  readonly invalid: number;
  /** The etcd member in use. */
  readonly host: string;
}

export interface RequestSummary {
  readonly total: number;
  readonly failedTotal: number;
  /** Over the last `windowSeconds`, like all that follows. Failed: no answer, or one of 500 and above. Callers that left do not count. */
  readonly perSecond: number;
  readonly failed: number;
  /** From 0 to 1; `null` without requests. */
  readonly successShare: number | null;
  readonly retries: number;
  readonly hedges: number;
  readonly hedgesWon: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  /** Now. */
  readonly inFlight: number;
  /** Of these, how many wait for a peer with room. */
  readonly queued: number;
}

interface RetryBudgetState {
  /** Retries that could be made now, and the same as a part of the most that can be saved up. */
  readonly balance: number;
  readonly share: number;
}

export interface SecondSummary {
  /** Number of the second, on a clock of the consumer's own. */
  readonly second: number;
  readonly requests: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface TrafficSummary {
  /** Attempts since the peer is known. */
  readonly total: number;
  readonly failedTotal: number;
  /** Attempts that have failed since the last good answer. */
  readonly failedInARow: number;
  readonly failures: Readonly<Partial<Record<FailureReason, number>>>;
  /** Over the last `windowSeconds`. */
  readonly count: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Of the good answers of the last one to two windows. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface PeerSummary extends TrafficSummary {
  readonly id: string;
  readonly name: string;
  readonly origin: string;
  readonly zone: string | null;
  readonly version: string | null;
  readonly state: PeerState;
  /** The weight in the registry, an operator's if one has set it. */
  readonly weight: number;
  /** What it gets now: less while it warms up, nothing while it is set aside. */
  readonly effectiveWeight: number;
  /** The same as a part of that of all peers, from 0 to 1. */
  readonly weightShare: number;
  /** Part of the attempts of all peers in the window, from 0 to 1; `null` when there were none. */
  readonly share: number | null;
  readonly inFlight: number;
  /** Most requests at once; `null` when there is no limit. */
  readonly limit: number | null;
  /** Attempts that ended in `second`. */
  readonly inSecond: number;
  /** How often it was set aside. */
  readonly ejections: number;
  readonly ejection: EjectionSummary | null;
  /** What operators have set for it, and what it had registered. */
  readonly overrides: readonly OverrideSummary[];
  /** Since it began to serve, by its own clock; `null` when it does not say. */
  readonly upMs: number | null;
  /** Since its lease was first seen here. */
  readonly knownMs: number;
}

export interface EjectionSummary {
  readonly reason: string;
  readonly agoMs: number;
  /** Until it is tried again; `null` when an operator decides. */
  readonly leftMs: number | null;
  /** How often in a row. */
  readonly count: number;
}

export interface OverrideSummary {
  readonly field: 'weight' | 'state' | 'maxConcurrency';
  readonly to: string;
  readonly registered: string;
  readonly by: string;
  readonly at: number;
}

export interface ActionsState {
  /** Whether there are operators at all. */
  readonly enabled: boolean;
  /** What can be switched to. */
  readonly policies: readonly PolicyName[];
}

/** `/lb/history.json`: the last five minutes, one entry a second in each list, oldest first; `null` where nobody was there to count. */
export interface History {
  /** Number of the last second. */
  readonly second: number;
  readonly requests: readonly (number | null)[];
  readonly failed: readonly (number | null)[];
  readonly inFlight: readonly (number | null)[];
  readonly p50Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
  /** Attempts by provider, of those that are gone too. */
  readonly peers: readonly HistorySeries[];
  /** Attempts on providers beyond those listed. */
  readonly others: readonly number[];
  /** Attempts by zone. */
  readonly zones: readonly HistorySeries[];
}

interface HistorySeries {
  readonly id: string;
  readonly name: string;
  readonly counts: readonly number[];
}

/** The `log` events, and what `/lb/log.json` lists. */
export interface LogEntry {
  /** Goes up by one each; the events' id. */
  readonly id: number;
  readonly at: number;
  readonly kind: LogKind;
  /** A sentence without its period. */
  readonly text: string;
  /** Id of the peer it is about. */
  readonly peer: string | null;
  /** The operator whose doing it is. */
  readonly by: string | null;
}

export type LogKind =
  | 'joined'
  | 'left'
  | 'changed'
  | 'draining'
  | 'suspected'
  | 'ejected'
  | 'restored'
  | 'tier'
  | 'registry'
  | 'action';
