/** How much went where, and how well: what the consumer counts about its providers. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Seconds that rates and shares are taken over: long enough that 100 requests a second give shares to a point or two. */
export const windowSeconds = 10;

/** Totals and latencies of the attempts on one peer over the last {@link windowSeconds}. O(1) a record. */
export class Traffic {
  readonly #slots = Array.from({ length: windowSeconds }, () => ({ second: -1, count: 0, failed: 0 }));
  /** Latencies of this window and the one before, in microseconds: a histogram cannot forget by the second. */
  #latencies: [RecordableHistogram, RecordableHistogram] = [createHistogram(), createHistogram()];
  #window = 0;
  #total = 0;
  #failed = 0;

  record(elapsedMs: number, failed: boolean, now: number): void {
    const second = Math.floor(now / 1000);
    const slot = this.#slots[second % windowSeconds];
    if (slot === undefined) return;
    if (slot.second !== second) Object.assign(slot, { second, count: 0, failed: 0 });
    slot.count += 1;
    this.#total += 1;
    if (failed) {
      slot.failed += 1;
      this.#failed += 1;
    }
    this.#rotate(now);
    this.#latencies[0].record(Math.max(1, Math.round(elapsedMs * 1000)));
  }

  summary(now: number): TrafficSummary {
    this.#rotate(now);
    const second = Math.floor(now / 1000);
    let count = 0;
    let failed = 0;
    for (const slot of this.#slots) {
      if (slot.second <= second - windowSeconds || slot.second > second) continue;
      count += slot.count;
      failed += slot.failed;
    }
    const both = createHistogram();
    for (const part of this.#latencies) both.add(part);
    const quantile = (percent: number): number | null => (both.count === 0 ? null : both.percentile(percent) / 1000);
    return {
      total: this.#total,
      failedTotal: this.#failed,
      count,
      failed,
      perSecond: count / windowSeconds,
      p50Ms: quantile(50),
      p99Ms: quantile(99),
    };
  }

  #rotate(now: number): void {
    const window = Math.floor(now / (1000 * windowSeconds));
    if (window === this.#window) return;
    const [current, previous] = this.#latencies;
    previous.reset();
    this.#latencies = [previous, current];
    if (window > this.#window + 1) current.reset();
    this.#window = window;
  }
}

export interface TrafficSummary {
  /** Since the peer is known. */
  readonly total: number;
  readonly failedTotal: number;
  /** Over the last {@link windowSeconds}. */
  readonly count: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Latencies over the last one to two windows; `null` when there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}
