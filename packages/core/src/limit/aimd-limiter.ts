/**
 * Raises the limit by one for each round trip without a drop, and cuts it by a tenth when there is one: additive increase,
 * multiplicative decrease, the rule under which clients that share a server end up with equal parts of it (D. Chiu, R. Jain,
 * "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989; TCP; `AIMDLimit` of
 * Netflix/concurrency-limits, from which the cut of 0.9 and the start of 10 come).
 *
 * Netflix's adds one for each answer, which doubles the limit in a round trip, and cuts for each drop: a burst of fifty refusals,
 * one event, leaves 0.9⁵⁰ = half a percent. Here, as in TCP, an answer adds 1 / limit, and one cut answers for all attempts that
 * were under way when it was made.
 *
 * For peers that refuse when they are full. One that only grows slower is better served by {@link GradientLimiter}.
 */
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { isDrop, type Limiter } from './limiter.ts';

/** Where the limit begins, how it moves, and its bounds. */
export interface AimdLimiterOptions {
  /** Limit to start from. Defaults to 10. */
  readonly initial?: number | undefined;
  /** Never less than this. Defaults to 1: a peer that is never asked can never show that it is well again. */
  readonly min?: number | undefined;
  /** Never more than this. Defaults to 200. */
  readonly max?: number | undefined;
  /** What a drop leaves of the limit, from 0.5 to below 1. Defaults to 0.9. Less gives way faster and swings wider. */
  readonly backoff?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class AimdLimiter implements Limiter {
  readonly #min: number;
  readonly #max: number;
  readonly #backoff: number;
  #estimate: number;
  #cutAt = -Infinity;

  constructor(options: AimdLimiterOptions = {}) {
    this.#min = checkNumber('min', options.min ?? 1, { min: 1 });
    this.#max = checkNumber('max', options.max ?? 200, { min: this.#min });
    const initial = Math.min(this.#max, Math.max(this.#min, 10));
    this.#estimate = checkNumber('initial', options.initial ?? initial, { min: this.#min, max: this.#max });
    this.#backoff = checkNumber('backoff', options.backoff ?? 0.9, { min: 0.5, max: 1 - Number.EPSILON });
  }

  get limit(): number {
    return Math.floor(this.#estimate);
  }

  end(outcome: Outcome, inFlight: number, startedAt: number, now: number): void {
    if (isDrop(outcome)) {
      if (startedAt < this.#cutAt) return;
      this.#cutAt = now;
      this.#estimate = Math.max(this.#min, this.#estimate * this.#backoff);
    } else if (outcome.kind === 'success' && inFlight * 2 >= this.#estimate) {
      // A limit that is not used says nothing about what the peer can bear, so it does not grow.
      this.#estimate = Math.min(this.#max, this.#estimate + 1 / this.#estimate);
    }
  }
}
