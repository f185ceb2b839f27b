/**
 * How long to wait before a retry: a uniform draw from a span that doubles with each retry, up to a cap.
 *
 * The draw starts at 0 ("full jitter"): what failed together must not come back together, and among the ways to jitter this one
 * needs the fewest attempts to get all through (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). Spans
 * are Envoy's: the n-th retry waits a uniform time in [0, (2ⁿ − 1) × 25 ms), cut at 250 ms (router filter, `x-envoy-max-retries`).
 */
import { checkNumber } from './options.ts';
import type { Random } from './policy.ts';

/** How long to wait before each retry. */
export interface BackoffOptions {
  /** Longest wait before the first retry; later spans are multiples of it. Defaults to 25 ms. */
  readonly baseMs?: number | undefined;
  /** Longest wait of all. Defaults to 10 × `baseMs`, as in Envoy: 250 ms. */
  readonly capMs?: number | undefined;
}

/** @throws {InvalidOptionError} for a base or cap below 0. */
export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;

  constructor(options: BackoffOptions = {}) {
    this.#baseMs = checkNumber('baseMs', options.baseMs ?? 25, { min: 0 });
    this.#capMs = checkNumber('capMs', options.capMs ?? 10 * this.#baseMs, { min: 0 });
  }

  /** Milliseconds to wait before retry number `retry`, which counts from 1. O(1). */
  delayMs(retry: number, random: Random): number {
    // Past 2⁵² the cap has long been reached, or the base is 0, and infinity times 0 is no number.
    return random() * Math.min(this.#capMs, (2 ** Math.min(retry, 52) - 1) * this.#baseMs);
  }
}
