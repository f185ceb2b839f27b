/**
 * Latency times what is in flight, guarded against the four ways in which latency alone misleads.
 *
 * The cost is L · (inFlight / weight + 1). L is the peak EWMA of Finagle (see `FinaglePeakEwma`): it jumps to a peak at once and
 * fades with the time constant τ. On top of that:
 *
 * - *A failure is not a fast answer.* It is averaged in as max(L, 100 typical answers, Retry-After), so a peer that fails one time
 *   in a hundred looks a typical answer slower, and one that fails always is left after some hundredths of τ. Averaged, not taken
 *   as a peak: a lone failure says little, and peaks of this size would make every peer's cost a matter of whose failure was last.
 * - *Silence is not speed.* While requests are in flight, L is at least the time since the last one ended. That is a lower bound on
 *   the age of the oldest, so a peer that hangs is avoided before its first request times out; and when that does, L is at least
 *   what it took. One long poll among answers does not count, as the age of the oldest would.
 * - *A caller that leaves has not been answered.* What it waited is a lower bound: it counts when it is above L, else not at all.
 * - *A newcomer is not infinitely fast.* Until a peer has answered it is taken to be as fast as is typical of the pool.
 *
 * A read costs no `exp`, no clock and no allocation. Loses where latency says more about the request than about the peer: long
 * polls, streams, or requests whose costs differ by orders of magnitude; there in-flight counts alone (`p2c`) are better.
 */
import { checkNumber } from '../options.ts';
import type { Failure, Outcome } from '../outcome.ts';
import { Decay } from './decay.ts';
import { type LoadTable, TabledLoad } from './load-table.ts';
import { TypicalLatency } from './typical-latency.ts';

/** How fast the past is forgotten, and what a failure counts for. */
export interface PeakEwmaOptions {
  /**
   * τ: after this many milliseconds about a third of a peak is left. Shorter forgives sooner, and forgets sooner what few requests
   * have taught. Defaults to 1 000: a peer that looked 50 times as slow as the others is tried again after 4 of these (ln 50),
   * and at a few requests a second for each peer an average still spans several answers.
   */
  readonly decayMs?: number | undefined;
  /**
   * How many typical answers of the pool a failed attempt counts as. Higher leaves a failing peer sooner, and lets the failures that
   * all peers have by chance drown the differences in latency. Defaults to 100: at one failure in a hundred a peer looks one
   * typical answer slower.
   */
  readonly failureCost?: number | undefined;
}

/**
 * Latencies below this many milliseconds count as this much. They are noise from the event loop, and a cost of 0 would stay 0
 * however much is in flight, which floods the peer (linkerd2-proxy has the same floor, for the same reason).
 */
const leastMs = 1;

/** Stands for L until a peer has answered. */
const unknown = -1;

/** The longest latency there is, in microseconds: 35 minutes, the largest small integer of the engine. */
const mostUs = 2 ** 31 - 1;

/** What the peers of one pool share: the constants, and what an answer typically takes. */
export class PeakEwmaPool {
  readonly decay: Decay;
  readonly #failureCost: number;
  readonly #typical = new TypicalLatency();

  constructor({ decayMs = 1000, failureCost = 100 }: PeakEwmaOptions = {}) {
    this.decay = new Decay(checkNumber('decayMs', decayMs, { above: 0 }));
    this.#failureCost = checkNumber('failureCost', failureCost, { min: 0 });
  }

  /** What an answer typically takes; at least 1 ms, also before the first. */
  typicalMs: number = leastMs;

  /** What a failure counts as on a peer of this `latency`. */
  failureMs(latency: number, { retryAfterMs = 0 }: Failure): number {
    return Math.max(latency, this.#failureCost * this.typicalMs, retryAfterMs);
  }

  /** Only answers count: were failures in it, their price would rise with itself as soon as most requests fail. */
  answered(elapsedMs: number): void {
    this.#typical.observe(elapsedMs);
    this.typicalMs = Math.max(this.#typical.ms, leastMs);
  }
}

const latencyColumn = 2;
/** When the latency was true, in milliseconds, and while something is in flight, since when nothing has ended. */
const heardColumn = 3;

export class GuardedPeakEwma extends TabledLoad {
  // In the row is what a read needs, in small integers, one time for two purposes. Past 24 days a clock in milliseconds fits no more, and
  // counts modulo 2^32: a difference of two times is right for as long.
  readonly shared: PeakEwmaPool;
  /** When the last sample came, which says how much the next one weighs. */
  #sampledAt = 0;

  constructor(pool: PeakEwmaPool) {
    super();
    this.shared = pool;
    this.table.ints[this.at + latencyColumn] = unknown;
  }

  override begin(now: number): void {
    if (this.inFlight === 0) {
      // The silence starts now; what is known fades up to here first.
      if (this.#latencyUs === unknown) this.table.ints[this.at + heardColumn] = now | 0;
      else this.#set(this.#latencyMs(now), now);
    }
    super.begin(now);
  }

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    super.end(elapsedMs, outcome, now);
    const latency = this.#latencyMs(now);
    switch (outcome.kind) {
      case 'success':
        this.shared.answered(elapsedMs);
        this.#sample(elapsedMs, elapsedMs, now);
        break;
      case 'failure':
        this.#sample(this.shared.failureMs(latency, outcome), elapsedMs, now);
        break;
      case 'ignored':
        if (elapsedMs > latency) this.#sample(elapsedMs, elapsedMs, now);
        break;
      default:
        outcome satisfies never;
    }
  }

  forget(): void {
    this.table.ints[this.at + latencyColumn] = unknown;
  }

  override rankIn({ ints }: LoadTable, at: number, now: number, weight: number): number {
    // Small enough to be compiled into the picker: as a call of its own, it would allocate what it returns.
    const inFlight = ints[at]!;
    const since = ((now | 0) - ints[at + heardColumn]!) | 0;
    const silence = inFlight === 0 ? 0 : since;
    const latency = latencyAfter(since, ints[at + latencyColumn]!, this.shared);
    return Math.max(latency, silence, leastMs) * (inFlight / weight + 1);
  }

  get #latencyUs(): number {
    return this.table.ints[this.at + latencyColumn]!;
  }

  #latencyMs(now: number): number {
    const since = ((now | 0) - this.table.ints[this.at + heardColumn]!) | 0;
    return latencyAfter(since, this.#latencyUs, this.shared);
  }

  /** Averages `sample` in by the time since the last one; a peak stands at once. */
  #sample(sample: number, peak: number, now: number): void {
    if (this.#latencyUs === unknown) {
      this.#set(Math.max(peak, sample), now);
    } else {
      const weight = 1 - this.shared.decay.left(((now | 0) - this.#sampledAt) | 0);
      this.#set(Math.max(peak, this.#latencyMs(now) + sample * weight), now);
    }
    this.#sampledAt = now | 0;
  }

  #set(latency: number, now: number): void {
    this.table.ints[this.at + latencyColumn] = Math.min(Math.round(1000 * latency), mostUs);
    this.table.ints[this.at + heardColumn] = now | 0;
  }
}

function latencyAfter(elapsedMs: number, latencyUs: number, pool: PeakEwmaPool): number {
  if (latencyUs === unknown) return pool.typicalMs;
  return (latencyUs / 1000) * pool.decay.left(elapsedMs);
}
