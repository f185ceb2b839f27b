/**
 * How many retries and hedges a client may add to the load that it was asked for.
 *
 * A limit on retries per request multiplies with trouble: three attempts each is three times the load, just when the servers can
 * least bear it. A budget adds instead. Every request pays in a part of a retry, time pays in a trickle so that a quiet client may
 * retry too, and each retry or hedge takes one out. So for any sequence of calls over t seconds:
 *
 *     retries ≤ perRequest × requests + perSecond × t + capacity
 *
 * 20 % and 10 a second are Finagle's and Linkerd's (`RetryBudget.scala`, linkerd.io "Retries and timeouts"). Theirs forget a
 * deposit after 10 s; here a cap on the balance bounds what can be saved up, which needs one number instead of a window.
 */
import { checkNumber } from './options.ts';

/** How many retries may be added to the requests. */
export interface RetryBudgetOptions {
  /** Retries that one request pays for, from 0. Defaults to 0.2: at worst a fifth more load. */
  readonly perRequest?: number | undefined;
  /** Retries a second that are allowed whatever the traffic. Defaults to 10. */
  readonly perSecond?: number | undefined;
  /**
   * Most retries that can be saved up, and what the budget starts with. Defaults to 10 s of `perSecond`: 100. When a peer dies
   * with more than this in flight, the rest of them fail; a client that holds more on one peer wants more here.
   */
  readonly capacity?: number | undefined;
}

/** @throws {InvalidOptionError} for a number below 0. */
export class RetryBudget {
  readonly #perRequest: number;
  readonly #perMs: number;
  /** Most retries that can be saved up. */
  readonly capacity: number;
  #balance: number;
  #asOf = -Infinity;

  constructor(options: RetryBudgetOptions = {}) {
    const perSecond = checkNumber('perSecond', options.perSecond ?? 10, { min: 0 });
    this.#perMs = perSecond / 1000;
    this.#perRequest = checkNumber('perRequest', options.perRequest ?? 0.2, { min: 0 });
    this.capacity = checkNumber('capacity', options.capacity ?? 10 * perSecond, { min: 0 });
    this.#balance = this.capacity;
  }

  /** A request has come in; its retries do not count as requests. O(1). */
  deposit(now: number): void {
    this.#accrue(now);
    this.#balance = Math.min(this.capacity, this.#balance + this.#perRequest);
  }

  /** Takes one retry out, or returns false: then the first error is the answer. O(1). */
  tryWithdraw(now: number): boolean {
    this.#accrue(now);
    if (this.#balance < 1 - rounding) return false;
    this.#balance = Math.max(0, this.#balance - 1);
    return true;
  }

  /** Retries that could be taken out now. */
  balance(now: number): number {
    this.#accrue(now);
    return this.#balance;
  }

  #accrue(now: number): void {
    // The first call sets the start; a clock that stands still or goes back pays nothing in.
    if (now > this.#asOf) {
      if (this.#asOf !== -Infinity) {
        this.#balance = Math.min(this.capacity, this.#balance + (now - this.#asOf) * this.#perMs);
      }
      this.#asOf = now;
    }
  }
}

/** Five deposits of 0.2 must buy one retry, although their floating-point sum may fall short of 1. */
const rounding = 1e-9;
