/**
 * When to send a hedge: after as long as all but the slowest few attempts take, so that few requests are sent twice (J. Dean,
 * L. A. Barroso, "The Tail at Scale", CACM 56(2), 2013: hedging after the 95th percentile adds about 5 % load).
 *
 * The quantile is taken over the last `window` samples, exactly but for the width of a bucket. Each sample falls into one of
 * about 270 buckets, each 5 % wider than the one before; the sample that leaves the window is taken out of its bucket again. So a
 * sample costs O(1), and the answer is the upper edge of the bucket that holds the wanted rank: never below the true quantile of
 * the window, and at most 5 % above it (for times between 0.1 ms and a minute). Estimators of constant memory (P², t-digest) are
 * smaller, but do not forget; averages of quantiles are not quantiles.
 *
 * Count an attempt that was given up for its hedge as well, with the time it had when it was given up. Those are the slow ones:
 * leaving them out would lower the delay, send more hedges, and leave out more.
 */
import { checkNumber } from './options.ts';

/** After which quantile of latency to hedge, and when that is known. */
export interface HedgeDelayOptions {
  /** Quantile to wait for, between 0 and 1. Defaults to 0.95: about one request in twenty is hedged. */
  readonly quantile?: number | undefined;
  /** Samples that are looked back on. Defaults to 1000, so that the 95th percentile rests on 50 samples above it. */
  readonly window?: number | undefined;
  /** Samples before there is an answer. Defaults to 200, or the window when that is smaller. */
  readonly minSamples?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class HedgeDelay {
  readonly #quantile: number;
  readonly #minSamples: number;
  /** Bucket of each sample in the window, oldest at `#next` once the window is full. */
  readonly #window: Uint16Array;
  readonly #counts = new Uint32Array(bucketCount);
  #next = 0;
  #size = 0;

  constructor(options: HedgeDelayOptions = {}) {
    this.#quantile = checkNumber('quantile', options.quantile ?? 0.95, { above: 0, max: 1 });
    const window = checkNumber('window', options.window ?? 1000, { min: 1, max: 1e6, integer: true });
    const fallback = Math.min(200, window);
    this.#minSamples = checkNumber('minSamples', options.minSamples ?? fallback, {
      min: 1,
      max: window,
      integer: true,
    });
    this.#window = new Uint16Array(window);
  }

  /** An attempt took `elapsedMs`, or was given up for its hedge after that long. O(1). */
  record(elapsedMs: number): void {
    const bucket = bucketOf(elapsedMs);
    if (this.#size === this.#window.length) this.#counts[this.#window[this.#next]!]! -= 1;
    else this.#size += 1;
    this.#counts[bucket]! += 1;
    this.#window[this.#next] = bucket;
    this.#next = (this.#next + 1) % this.#window.length;
  }

  /** How long to wait before a hedge, in milliseconds; `undefined` while samples are too few. At most 270 steps. */
  delayMs(): number | undefined {
    if (this.#size < this.#minSamples) return undefined;
    const above = this.#size - Math.ceil(this.#quantile * this.#size);
    // From the top, where few samples are: the search ends after the slowest twentieth.
    let bucket = bucketCount - 1;
    for (let seen = this.#counts[bucket]!; seen <= above; seen += this.#counts[bucket]!) bucket -= 1;
    return upperEdge(bucket);
  }
}

const smallestMs = 0.1;
const growth = 1.05;
/** ln(60 000 / 0.1) / ln 1.05 = 272.7, and one bucket for what is shorter. */
const bucketCount = 274;
const inverseLogGrowth = 1 / Math.log(growth);

function bucketOf(elapsedMs: number): number {
  if (!(elapsedMs > smallestMs)) return 0;
  return Math.min(bucketCount - 1, Math.ceil(Math.log(elapsedMs / smallestMs) * inverseLogGrowth));
}

function upperEdge(bucket: number): number {
  return smallestMs * growth ** bucket;
}
