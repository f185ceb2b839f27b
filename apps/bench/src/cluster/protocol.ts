/** What the processes of a race say to each other, over Node's channel between parent and child. */
import type { Target, Way } from '../sender.ts';
import type { SlotGroup } from './station.ts';

/** What the harness tells a provider; each is answered by `done` or by what it asks for. */
export type ProviderOrder =
  /** Begin anew, with nothing in the queue. */
  | { readonly kind: 'reset'; readonly groups: readonly SlotGroup[]; readonly queueLimit: number }
  | { readonly kind: 'slow'; readonly group: number; readonly slowness: number }
  /** Whether every request is answered with 503 at once. */
  | { readonly kind: 'fail'; readonly failing: boolean }
  | { readonly kind: 'report' };

export interface ProviderReport {
  readonly served: number;
  readonly refused: number;
  readonly failed: number;
  /** How much later than planned 99 % of all work ended at most, in milliseconds. */
  readonly lateMs: number;
}

export type ProviderAnswer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'report'; readonly report: ProviderReport };

export interface RunOrder {
  readonly way: Way;
  readonly targets: readonly Target[];
  /** Arrivals and work are drawn from it, so that every subject meets the same. */
  readonly seed: number;
  readonly arrivalsPerSecond: number;
  readonly durationMs: number;
  /** Arrivals before this moment of the run count for nothing. */
  readonly warmUpMs: number;
  readonly meanWorkMs: number;
  /** An answer counts as in time until so long after its arrival. */
  readonly deadlineMs: number;
}

export interface RunFigures {
  /** All requests, those of the warm-up included. */
  readonly arrivals: number;
  /** Requests that arrived after the warm-up. */
  readonly offered: number;
  /** Answered with 200 within the deadline. */
  readonly inTime: number;
  /** How many failed of each kind: a status, or the code of an error. */
  readonly failures: Readonly<Record<string, number>>;
  /** From the scheduled arrival to the end of the answer, in milliseconds. A failed request counts as Infinity: it was never answered. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** How much later than scheduled 99 % of all requests were sent at most, in milliseconds. */
  readonly lateMs: number;
}

/** A client says when the first request is about to be sent, and what came out. */
export type ClientAnswer = 'begun' | RunFigures;
