/** How requests go as a whole: each counts once, however many attempts it took. */
import { Latencies } from './latencies.ts';
import { windowSeconds } from './traffic.ts';
import type { RequestSummary, SecondSummary } from './wire.ts';

type Figures = Omit<RequestSummary, 'inFlight' | 'queued'>;

export class Requests {
  /** One more than the window: the second that runs is there beside it. */
  readonly #slots = Array.from({ length: windowSeconds + 1 }, () => new Slot());
  #total = 0;
  #failed = 0;

  record(elapsedMs: number, failed: boolean, hedgeWon: boolean, now: number): void {
    const slot = this.#slot(now);
    slot.requests += 1;
    slot.latencies.record(elapsedMs);
    this.#total += 1;
    if (hedgeWon) slot.hedgesWon += 1;
    if (!failed) return;
    slot.failed += 1;
    this.#failed += 1;
  }

  retried(now: number): void {
    this.#slot(now).retries += 1;
  }

  hedged(now: number): void {
    this.#slot(now).hedges += 1;
  }

  summary(now: number): Figures {
    const last = Math.floor(now / 1000);
    const slots = this.#slots.filter(({ second }) => second > last - windowSeconds && second <= last);
    const sum = (of: (slot: Slot) => number): number => slots.reduce((total, slot) => total + of(slot), 0);
    const requests = sum((slot) => slot.requests);
    const failed = sum((slot) => slot.failed);
    const latencies = slots.map((slot) => slot.latencies);
    const [p50Ms = null, p90Ms = null, p99Ms = null] = Latencies.quantiles(latencies, [0.5, 0.9, 0.99]);
    return {
      total: this.#total,
      failedTotal: this.#failed,
      perSecond: requests / windowSeconds,
      failed,
      successShare: requests === 0 ? null : 1 - failed / requests,
      retries: sum((slot) => slot.retries),
      hedges: sum((slot) => slot.hedges),
      hedgesWon: sum((slot) => slot.hedgesWon),
      p50Ms,
      p90Ms,
      p99Ms,
    };
  }

  /** What came to an end in `second`, one of the last {@link windowSeconds}. */
  inSecond(second: number): Omit<SecondSummary, 'inFlight'> {
    const slot = this.#slots[second % this.#slots.length];
    if (slot?.second !== second) return { second, requests: 0, failed: 0, p50Ms: null, p99Ms: null };
    const [p50Ms = null, p99Ms = null] = Latencies.quantiles([slot.latencies], [0.5, 0.99]);
    return { second, requests: slot.requests, failed: slot.failed, p50Ms, p99Ms };
  }

  #slot(now: number): Slot {
    const second = Math.floor(now / 1000);
    const slot = this.#slots[second % this.#slots.length] ?? new Slot();
    if (slot.second !== second) slot.begin(second);
    return slot;
  }
}

class Slot {
  readonly latencies = new Latencies();
  second = -1;
  requests = 0;
  failed = 0;
  retries = 0;
  hedges = 0;
  hedgesWon = 0;

  begin(second: number): void {
    this.second = second;
    this.requests = this.failed = this.retries = this.hedges = this.hedgesWon = 0;
    this.latencies.reset();
  }
}
