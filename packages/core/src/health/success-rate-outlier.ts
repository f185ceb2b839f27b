/**
 * Ejects peers whose success rate over ten seconds lies far below that of the others: those too little broken for the other
 * detectors, which fail one in seven, say, while the rest fail none.
 *
 * The usual rule, mean − 1.9 standard deviations (Envoy, gRFC A50), cannot work in a small pool: one outlier among n peers lies at
 * most √(n − 1) deviations out, so with fewer than five none is ever found, and two bad ones of eight hide behind the deviation
 * that they cause. Here the middle is the median and the spread the median absolute deviation, which outliers do not move while
 * they are fewer than half:
 *
 *     eject below  median − max(minGap, deviations × max(1.4826 × MAD, √(median × (1 − median) / requests)))
 *
 * 1.4826 × MAD estimates the standard deviation of normal values (Rousseeuw and Croux, 1993). With three or four peers it can
 * come out near 0 by chance; the square root is the deviation that counting so few requests causes by itself, and keeps chance
 * from ejecting. Peers with few requests are neither judged nor compared with (apple/servicetalk issue 3551).
 */
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { Comparison } from './comparison.ts';
import { type Detector, type Sensor, verdict } from './detector.ts';
import { median } from './median.ts';
import { SuccessWindow } from './success-window.ts';

/** How far below the others a success rate may be. */
export interface SuccessRateOutlierOptions {
  /** Deviations below the median. Defaults to 3: by chance one normal value in 740. */
  readonly deviations?: number | undefined;
  /**
   * Least distance from the median, from 0 to 1. Defaults to 0.1. Below that, a retry of one request in ten is cheaper than
   * doing without the peer, which in a pool of three is a third of the capacity.
   */
  readonly minGap?: number | undefined;
  /** Requests in the window before a peer is judged. Defaults to 100, as in Envoy. */
  readonly minRequests?: number | undefined;
  /** Peers with that many requests before any is judged. Defaults to 3, the fewest that have a middle. */
  readonly minPeers?: number | undefined;
  /** Defaults to 10 000 ms. */
  readonly windowMs?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class SuccessRateOutlier implements Detector<RateSensor> {
  readonly reason = 'success-rate';
  readonly sweepMs: number;
  readonly #deviations: number;
  readonly #minGap: number;
  readonly #comparison: Comparison;

  constructor(options: SuccessRateOutlierOptions = {}) {
    this.#deviations = checkNumber('deviations', options.deviations ?? 3, { min: 0 });
    this.#minGap = checkNumber('minGap', options.minGap ?? 0.1, { min: 0, max: 1 });
    this.#comparison = new Comparison(options);
    this.sweepMs = this.#comparison.sweepMs;
  }

  watch(): RateSensor {
    return new RateSensor(this.#comparison.windowMs);
  }

  sweep(sensors: readonly RateSensor[], now: number): RateSensor[] {
    const judged = this.#comparison.judged(sensors, (sensor) => sensor.window.total(now));
    if (judged.length === 0) return [];
    const rates = judged.map((sensor) => sensor.rate(now));
    const middle = median(rates);
    const spread = 1.4826 * median(rates.map((rate) => Math.abs(rate - middle)));
    return judged
      .filter((sensor) => {
        const noise = Math.sqrt((middle * (1 - middle)) / sensor.window.total(now));
        const gap = Math.max(this.#minGap, this.#deviations * Math.max(spread, noise));
        return sensor.rate(now) < middle - gap;
      })
      .toSorted((a, b) => a.rate(now) - b.rate(now));
  }
}

class RateSensor implements Sensor {
  readonly window: SuccessWindow;

  constructor(windowMs: number) {
    this.window = new SuccessWindow(windowMs);
  }

  record(outcome: Outcome, _elapsedMs: number, now: number): boolean {
    const result = verdict(outcome);
    if (result !== undefined) this.window.add(result === 'good', now);
    // One peer alone is never an outlier; the sweep compares.
    return false;
  }

  reset(): void {
    this.window.clear();
  }

  rate(now: number): number {
    return 1 - this.window.failed(now) / this.window.total(now);
  }
}
