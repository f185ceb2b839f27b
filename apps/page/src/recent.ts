/**
 * The last five minutes, a second at a time, for charts: kept here, so that whoever opens the page sees what led to now.
 *
 * Bounded in both directions: {@link historySeconds} by {@link maxSeries} providers and as many zones, 300 kB in all. Beyond that many no
 * chart could tell them apart, and they are counted together.
 */
import type { History, SecondSummary } from './wire.ts';

export const historySeconds = 300;
const maxSeries = 128;

/** Attempts on one provider in the second that is added. */
export interface PeerCount {
  readonly id: string;
  readonly name: string;
  readonly zone: string | undefined;
  readonly count: number;
}

export class Recent {
  readonly #seconds: (SecondSummary | undefined)[] = Array.from({ length: historySeconds });
  readonly #peers = new SeriesSet();
  readonly #zones = new SeriesSet();
  #last: number | undefined;

  /** The last second that was added. */
  get last(): SecondSummary | undefined {
    return this.#last === undefined ? undefined : this.#seconds[this.#last % historySeconds];
  }

  /** Adds a second that is over; seconds are added in order, and none twice. O(peers). */
  add(summary: SecondSummary, peers: readonly PeerCount[]): void {
    const { second } = summary;
    this.#forget((this.#last ?? second - 1) + 1, second);
    this.#last = second;
    this.#seconds[second % historySeconds] = summary;
    for (const { id, name, zone, count } of peers) {
      if (count === 0) continue;
      this.#peers.of(id, name).add(second, count);
      if (zone !== undefined) this.#zones.of(zone, zone).add(second, count);
    }
  }

  read(): History {
    const last = this.#last ?? historySeconds - 1;
    const order = Array.from({ length: historySeconds }, (_, index) => (last + 1 + index) % historySeconds);
    const list = <K extends keyof SecondSummary>(field: K): (SecondSummary[K] | null)[] =>
      order.map((index) => this.#seconds[index]?.[field] ?? null);
    return {
      second: last,
      requests: list('requests'),
      failed: list('failed'),
      inFlight: list('inFlight'),
      p50Ms: list('p50Ms'),
      p99Ms: list('p99Ms'),
      peers: this.#peers.read(order),
      others: this.#peers.others.read(order),
      zones: this.#zones.read(order),
    };
  }

  /** Makes room for the seconds `from` to `to`: what was there is five minutes old. */
  #forget(from: number, to: number): void {
    for (let second = Math.max(from, to - historySeconds + 1); second <= to; second += 1) {
      this.#seconds[second % historySeconds] = undefined;
      this.#peers.clear(second);
      this.#zones.clear(second);
    }
  }
}

/** Series by id; those for which there is no room share one. */
class SeriesSet {
  readonly others = new Series('');
  readonly #series = new Map<string, Series>();

  of(id: string, name: string): Series {
    let series = this.#series.get(id);
    if (series !== undefined) return series;
    if (this.#series.size >= maxSeries) return this.others;
    series = new Series(name);
    this.#series.set(id, series);
    return series;
  }

  clear(second: number): void {
    this.others.clear(second);
    for (const [id, series] of this.#series) if (series.clear(second) === 0) this.#series.delete(id);
  }

  read(order: readonly number[]): { id: string; name: string; counts: number[] }[] {
    return Array.from(this.#series, ([id, series]) => ({ id, name: series.name, counts: series.read(order) }));
  }
}

/** Counts of one provider, or of several together. */
class Series {
  readonly name: string;
  readonly #counts = new Uint32Array(historySeconds);
  #sum = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(second: number, count: number): void {
    const index = second % historySeconds;
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
    this.#sum += count;
  }

  /** Takes out what is at the place of `second`, and returns the sum of the rest. */
  clear(second: number): number {
    const index = second % historySeconds;
    this.#sum -= this.#counts[index] ?? 0;
    this.#counts[index] = 0;
    return this.#sum;
  }

  read(order: readonly number[]): number[] {
    return order.map((index) => this.#counts[index] ?? 0);
  }
}
