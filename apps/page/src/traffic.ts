/** How much went to one provider, and how well. */
import type { FailureReason, Outcome } from '@lb/core';

import { Latencies } from './latencies.ts';
import type { TrafficSummary } from './wire.ts';

/** Seconds that rates and shares are taken over: long enough that 100 requests a second give shares to a point or two. */
export const windowSeconds = 10;

/** Totals and latencies of the attempts on one peer over the last {@link windowSeconds}. O(1) a record. */
export class Traffic {
  readonly #slots = Array.from({ length: windowSeconds }, () => ({ second: -1, count: 0, failed: 0 }));
  /** Of this window and the one before: buckets cannot forget by the second. */
  #latencies: readonly [Latencies, Latencies] = [new Latencies(), new Latencies()];
  readonly #failures: Partial<Record<FailureReason, number>> = {};
  #window = 0;
  #total = 0;
  #failed = 0;
  #failedInARow = 0;

  record(elapsedMs: number, outcome: Outcome, now: number): void {
    // The caller went away: neither good nor bad, as for everything else that judges peers.
    if (outcome.kind === 'ignored') return;
    const second = Math.floor(now / 1000);
    const slot = this.#slots[second % windowSeconds];
    if (slot === undefined) return;
    if (slot.second !== second) Object.assign(slot, { second, count: 0, failed: 0 });
    slot.count += 1;
    this.#total += 1;
    this.#failedInARow = outcome.kind === 'failure' ? this.#failedInARow + 1 : 0;
    if (outcome.kind === 'failure') {
      slot.failed += 1;
      this.#failed += 1;
      this.#failures[outcome.reason] = (this.#failures[outcome.reason] ?? 0) + 1;
    }
    // How fast a connection is refused says nothing about how fast answers are.
    if (outcome.kind === 'failure') return;
    this.#rotate(now);
    this.#latencies[0].record(elapsedMs);
  }

  /** Attempts that ended in `second`, which must be among the last {@link windowSeconds}. */
  countIn(second: number): number {
    const slot = this.#slots[second % windowSeconds];
    return slot?.second === second ? slot.count : 0;
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
    const [p50Ms = null, p99Ms = null] = Latencies.quantiles(this.#latencies, [0.5, 0.99]);
    return {
      total: this.#total,
      failedTotal: this.#failed,
      failedInARow: this.#failedInARow,
      failures: { ...this.#failures },
      count,
      failed,
      perSecond: count / windowSeconds,
      p50Ms,
      p99Ms,
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

/** Of a peer that has not been asked yet. */
export const noTraffic: TrafficSummary = {
  total: 0,
  failedTotal: 0,
  failedInARow: 0,
  failures: {},
  count: 0,
  failed: 0,
  perSecond: 0,
  p50Ms: null,
  p99Ms: null,
};
