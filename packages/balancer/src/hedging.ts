/**
 * When a second attempt is sent beside one that takes long, and how many.
 *
 * After the delay that all but a twentieth of attempts stay below ({@link HedgeDelay}), and never more than that twentieth of all
 * requests: with HTTP/1.1 the loser's connection has to be closed, so each hedge costs a connection besides a request. Off unless
 * asked for; the work of a hedge is done twice.
 */
import { checkNumber, HedgeDelay, type HedgeDelayOptions, RetryBudget } from '@lb/core';

/** When a second attempt is sent beside one that takes long, and how many. */
export interface HedgeOptions extends HedgeDelayOptions {
  /** Part of all requests that may be hedged. Defaults to 0.05, what the 95th percentile leaves. */
  readonly maxShare?: number | undefined;
}

/** Hedges that can be saved up: enough for a burst, few enough that a quiet client does not double a sudden rush. */
const mostSaved = 10;

export class Hedging {
  readonly #delay: HedgeDelay;
  readonly #budget: RetryBudget;

  /** @throws {InvalidOptionError} */
  constructor(options: HedgeOptions) {
    this.#delay = new HedgeDelay(options);
    this.#budget = new RetryBudget({
      perRequest: checkNumber('hedge.maxShare', options.maxShare ?? 0.05, { min: 0, max: 1 }),
      perSecond: 0,
      capacity: mostSaved,
    });
  }

  /** A request has come in that may be hedged. Returns how long to wait for its answer; `undefined` while that is not known. */
  begin(now: number): number | undefined {
    this.#budget.deposit(now);
    return this.#delay.delayMs();
  }

  /** Whether one more may be sent. */
  tryTake(now: number): boolean {
    return this.#budget.tryWithdraw(now);
  }

  /** An answer took this long, or was given up after that long. */
  record(elapsedMs: number): void {
    this.#delay.record(elapsedMs);
  }
}
