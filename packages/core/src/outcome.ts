/**
 * How an attempt ended, as far as the peer is concerned.
 *
 * There are three ends, not two: when the caller goes away, the peer has neither earned a success nor a failure, and counting
 * it as either teaches the balancer something false (Netflix concurrency-limits calls this third one "ignore").
 */
export type Outcome = Success | Failure | Ignored;

/** The peer did its work. */
export interface Success {
  readonly kind: 'success';
}

/** The peer did not do its work, for `reason`. */
export interface Failure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  /** How long the peer asked to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** Nothing was learned of the peer: the caller went away. */
export interface Ignored {
  readonly kind: 'ignored';
}

/**
 * At which stage an attempt failed: no connection was made, no answer came in time, the connection broke after sending, the
 * answer was bad, or the peer said that it has too much to do.
 */
export type FailureReason = 'connect' | 'timeout' | 'reset' | 'status' | 'overload';

/** The one `Success`; it has nothing to tell apart. */
export const success: Success = Object.freeze({ kind: 'success' });
/** The one `Ignored`. */
export const ignored: Ignored = Object.freeze({ kind: 'ignored' });

/** A failure for `reason`. Failures without `retryAfterMs` are shared objects, so the usual one costs no allocation. */
export function failure(reason: FailureReason, retryAfterMs?: number): Failure {
  return retryAfterMs === undefined ? failures[reason] : { kind: 'failure', reason, retryAfterMs };
}

const failures: Readonly<Record<FailureReason, Failure>> = {
  connect: Object.freeze({ kind: 'failure', reason: 'connect' }),
  timeout: Object.freeze({ kind: 'failure', reason: 'timeout' }),
  reset: Object.freeze({ kind: 'failure', reason: 'reset' }),
  status: Object.freeze({ kind: 'failure', reason: 'status' }),
  overload: Object.freeze({ kind: 'failure', reason: 'overload' }),
};
