/**
 * Ejects a peer that fails a good part of what it gets within a second, if it does at least twice as badly as the rest.
 *
 * The comparison is what makes this safe to have on: when everybody fails 30 %, the fault is not the peer's (it is a bad deploy, a
 * database, a bad request), and ejecting peers one by one only takes capacity away. The rest is estimated by Laplace's rule,
 * (failed + 1) / (total + 2): while nothing is known of the others they count as failing half, and only a peer that fails all does
 * twice as badly.
 *
 * O(1) for each attempt: one window for the peer, one for the whole pool.
 */
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { type Detector, type Sensor, verdict } from './detector.ts';
import { SuccessWindow } from './success-window.ts';

/** What share of failures is too large, and from how many requests on. */
export interface FailureShareOptions {
  /** Part of the attempts in the window that must have failed. Defaults to 0.3. */
  readonly share?: number | undefined;
  /**
   * Attempts in the window before the share counts. Defaults to 20: a peer that fails one in ten then fails six of them once in
   * 90 windows, and has the rest of the pool to be compared with besides.
   */
  readonly minRequests?: number | undefined;
  /** How many times the failure share of the rest the peer's must be. Defaults to 2; 0 does not compare. */
  readonly ratio?: number | undefined;
  /** Defaults to 1000 ms. A peer with fewer than `minRequests` in this time is left to the other detectors. */
  readonly windowMs?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class FailureShare implements Detector {
  readonly reason = 'failure-share';
  readonly #share: number;
  readonly #minRequests: number;
  readonly #ratio: number;
  readonly #windowMs: number;
  readonly #pool: SuccessWindow;

  constructor(options: FailureShareOptions = {}) {
    this.#share = checkNumber('share', options.share ?? 0.3, { above: 0, max: 1 });
    this.#minRequests = checkNumber('minRequests', options.minRequests ?? 20, { min: 1 });
    this.#ratio = checkNumber('ratio', options.ratio ?? 2, { min: 0 });
    this.#windowMs = checkNumber('windowMs', options.windowMs ?? 1000, { above: 0, max: Number.MAX_VALUE });
    this.#pool = new SuccessWindow(this.#windowMs);
  }

  watch(): Sensor {
    const window = new SuccessWindow(this.#windowMs);
    return {
      record: (outcome: Outcome, _elapsedMs: number, now: number): boolean => {
        const result = verdict(outcome);
        if (result === undefined) return false;
        window.add(result === 'good', now);
        this.#pool.add(result === 'good', now);
        return result === 'bad' && this.#standsOut(window, now);
      },
      reset: () => window.clear(),
    };
  }

  #standsOut(window: SuccessWindow, now: number): boolean {
    const total = window.total(now);
    const failed = window.failed(now);
    if (total < this.#minRequests || failed < this.#share * total) return false;
    const rest = (this.#pool.failed(now) - failed + 1) / (this.#pool.total(now) - total + 2);
    return failed >= this.#ratio * rest * total;
  }
}
