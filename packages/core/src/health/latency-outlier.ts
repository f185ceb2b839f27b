/**
 * Ejects peers that answer several times as slowly as the middle of the pool.
 *
 * Not on by default. A policy that looks at latency already gives a slow peer what it can carry, and no more, at once and without
 * losing what it still does; ejecting it throws that rest away, and where peers are slow because there is too much to do, hands
 * the load to the next. It is for policies that are blind to latency (rotations, random, hashing), for which a peer ten times
 * as slow is invisible to every other detector, and for operators who would rather do without a slow peer than wait for it. Asked
 * for since 2016 in envoy issue 288.
 *
 * Compared are geometric means of the latency of successes: latencies spread over orders of magnitude, and in an ordinary mean
 * one request of a minute outweighs a thousand of 10 ms. What is compared must be alike; where peers serve different keys, as under
 * hashing, their requests may differ by nature.
 */
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { Comparison } from './comparison.ts';
import type { Detector, Sensor } from './detector.ts';
import { median } from './median.ts';

/** How much slower than the others is too slow. */
export interface LatencyOutlierOptions {
  /**
   * How many times the median of the pool. Defaults to 3: past what machines of different speed in one pool usually make, a
   * pool of speeds 1:2:3 being at 2.
   */
  readonly ratio?: number | undefined;
  /** And at least this much slower, in milliseconds: three times one millisecond is nothing. Defaults to 50. */
  readonly minGapMs?: number | undefined;
  /** Successes in the window before a peer is judged. Defaults to 20. */
  readonly minRequests?: number | undefined;
  /** Peers with that many before any is judged. Defaults to 3. */
  readonly minPeers?: number | undefined;
  /** Defaults to 10 000 ms. A peer is judged on the last whole window and the current one together. */
  readonly windowMs?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class LatencyOutlier implements Detector<LatencySensor> {
  readonly reason = 'latency';
  readonly sweepMs: number;
  readonly #logRatio: number;
  readonly #minGapMs: number;
  readonly #comparison: Comparison;

  constructor(options: LatencyOutlierOptions = {}) {
    this.#logRatio = Math.log(checkNumber('ratio', options.ratio ?? 3, { above: 1 }));
    this.#minGapMs = checkNumber('minGapMs', options.minGapMs ?? 50, { min: 0 });
    this.#comparison = new Comparison({ ...options, minRequests: options.minRequests ?? 20 });
    this.sweepMs = this.#comparison.sweepMs;
  }

  watch(): LatencySensor {
    return new LatencySensor(this.#comparison.windowMs);
  }

  sweep(sensors: readonly LatencySensor[], now: number): LatencySensor[] {
    const judged = this.#comparison.judged(sensors, (sensor) => sensor.count(now));
    if (judged.length === 0) return [];
    const middle = median(judged.map((sensor) => sensor.meanLog(now)));
    const limit = Math.max(middle + this.#logRatio, Math.log(Math.exp(middle) + this.#minGapMs));
    return judged.filter((sensor) => sensor.meanLog(now) > limit).toSorted((a, b) => b.meanLog(now) - a.meanLog(now));
  }
}

/** Sums of logarithms over the current window and the one before. Older ones are forgotten whole. */
class LatencySensor implements Sensor {
  readonly #windowMs: number;
  #slot = -Infinity;
  #sum = 0;
  #count = 0;
  #sumBefore = 0;
  #countBefore = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  record(outcome: Outcome, elapsedMs: number, now: number): boolean {
    if (outcome.kind === 'success') {
      this.#advance(now);
      // Below a microsecond the clock has nothing to say, and the logarithm of 0 is no number.
      this.#sum += Math.log(Math.max(1e-3, elapsedMs));
      this.#count += 1;
    }
    return false;
  }

  reset(): void {
    this.#sum = this.#count = this.#sumBefore = this.#countBefore = 0;
  }

  count(now: number): number {
    this.#advance(now);
    return this.#count + this.#countBefore;
  }

  meanLog(now: number): number {
    this.#advance(now);
    return (this.#sum + this.#sumBefore) / (this.#count + this.#countBefore);
  }

  #advance(now: number): void {
    const slot = Math.floor(now / this.#windowMs);
    if (!(slot > this.#slot)) return;
    const follows = slot === this.#slot + 1;
    this.#sumBefore = follows ? this.#sum : 0;
    this.#countBefore = follows ? this.#count : 0;
    this.#sum = 0;
    this.#count = 0;
    this.#slot = slot;
  }
}
