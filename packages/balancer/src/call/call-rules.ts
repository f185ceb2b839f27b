import type { AttemptRules } from './attempt.ts';
import type { RetryRules } from './retry-decision.ts';

/** How one request is to be treated: the balancer's options, with those of the request over them. */
export interface CallRules extends AttemptRules, RetryRules {
  /** How long the request may take until its answer begins. Infinity for no limit. */
  readonly timeoutMs: number;
  /** After how long without an answer another attempt may take the place of one. Infinity for never. */
  readonly attemptTimeoutMs: number;
  /** When undici's own time-out would end the wait for an answer, in milliseconds; 0 for never. */
  readonly netMs: number;
  /** Most bytes of a streamed body that are kept for another attempt. */
  readonly replayLimitBytes: number;
  /** Whether `x-lb-timeout-ms` and `x-lb-attempt` are sent. */
  readonly announce: boolean;
}
