/**
 * Mean latency and what is in flight, guarded against the ways in which latency alone misleads.
 *
 * The cost is L^1.5 · (inFlight / weight + 1). L is what answers take on average, by a mean that forgets with the time constant τ, and
 * with so many answers if they come sooner. It differs from `GuardedPeakEwma` in four ways, each for what `docs/evidence.md` shows:
 *
 * - *A mean, not a peak.* One answer in so many is slow by chance, and a peak makes that the cost of the peer for a while: with answers that
 *   vary, a peer's cost is then a matter of whose slow answer was last. A mean tells peers apart that differ.
 * - *What is not heard again fades to what is typical of the pool, not to nothing.* A peer that is asked once in ten seconds by this client
 *   otherwise looks free of cost by then, however slow it is. So does one that was avoided; fading to typical brings that one back, too.
 * - *Fifty answers are enough.* They tell the mean of what varies as exponential times do to a seventh. Who asks a peer a hundred times a
 *   second has them in half a second, and would remember for τ a slowness that is over. Until there are fifty, all that there are count
 *   the same: by time, the first answer would be the latency of the peer for the first τ. Failures do count by time alone.
 * - *Latency counts one and a half times.* A server with free slots is as fast with five requests as with one, so where weights are wrong
 *   latency only rises when a queue is there. Balancing L · inFlight then keeps a queue; the more L counts, the shorter it is. C3 cubes
 *   its queue for the same reason (Suresh et al., NSDI 2015). At 2 and above, peers that are fast by nature are overfilled.
 *
 * Failures, silence, callers that leave and newcomers count as in `GuardedPeakEwma`. A comparison costs no root, no `exp`, no clock and no
 * allocation. Loses where latency says more about the request than about the peer: long polls, streams; there `p2c` is better.
 */
import type { Outcome } from '../outcome.ts';
import type { PeakEwmaPool } from './guarded-peak-ewma.ts';
import { type LoadTable, TabledLoad } from './load-table.ts';

/** As there: less is noise, and a cost of 0 would stay 0 whatever is in flight. */
const leastMs = 1;

/** How many answers the mean is of at most. */
const mostSamples = 50;

/** Stands for L until something has ended. */
const unknown = -1;

/** The longest latency there is, in microseconds: 35 minutes, the largest small integer of the engine. */
const mostUs = 2 ** 31 - 1;

/** Since when nothing has ended, while something is in flight. */
const silentColumn = 2;
const latencyColumn = 3;
/** When the latency was true. */
const heardColumn = 4;

export class GuardedLatency extends TabledLoad {
  // In the row is what a read needs, in small integers. Times are whole milliseconds modulo 2^32, so a difference of two is right for 24 days
  // and a peer that has not been heard for longer than that is no worse off.
  readonly shared: PeakEwmaPool;
  /** The part of the latency that failures have added to what answers take. */
  #penaltyUs = 0;
  /** How many answers the latency is the mean of, up to `mostSamples`. */
  #samples = 0;

  constructor(pool: PeakEwmaPool) {
    super();
    this.shared = pool;
    this.table.ints[this.at + latencyColumn] = unknown;
  }

  override begin(now: number): void {
    if (this.inFlight === 0) this.#silentSince(now);
    super.begin(now);
  }

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    super.end(elapsedMs, outcome, now);
    this.#silentSince(now);
    switch (outcome.kind) {
      case 'success':
        this.shared.answered(elapsedMs);
        this.#average(elapsedMs, now);
        break;
      case 'failure':
        this.#penalize(Math.max(elapsedMs, this.shared.failureMs(this.#latencyMs(now), outcome)), now);
        break;
      case 'ignored':
        if (elapsedMs > this.#latencyMs(now)) this.#average(elapsedMs, now);
        break;
      default:
        outcome satisfies never;
    }
  }

  override cost(now: number, weight: number): number {
    return Math.sqrt(super.cost(now, weight));
  }

  /** The square of the cost: in the same order, and without the root. */
  override rankIn(table: LoadTable, at: number, now: number, weight: number): number {
    // Small enough to be compiled into the picker: as a call of its own, it would allocate what it returns.
    const ints = table.ints;
    const inFlight = ints[at]!;
    const silence = inFlight === 0 ? 0 : ((now | 0) - ints[at + silentColumn]!) | 0;
    const latency = Math.max(latencyIn(ints, at, now, this.shared), silence, leastMs);
    const queue = inFlight / weight + 1;
    return latency * latency * latency * queue * queue;
  }

  forget(): void {
    this.table.ints[this.at + latencyColumn] = unknown;
    this.#penaltyUs = 0;
    this.#samples = 0;
  }

  #latencyMs(now: number): number {
    return latencyIn(this.table.ints, this.at, now, this.shared);
  }

  #silentSince(now: number): void {
    this.table.ints[this.at + silentColumn] = now | 0;
  }

  /** Takes in what an answer took: for the time since the last one, or as one of as many as there are, whichever is more. */
  #average(sampleMs: number, now: number): void {
    const samples = Math.min(this.#samples + 1, mostSamples);
    this.#samples = samples;
    const left = this.#left(now);
    const kept = Math.min(left, 1 - 1 / samples);
    const penaltyUs = this.#penaltyUs;
    const mean = (this.#latencyUs - penaltyUs) * kept + 1000 * sampleMs * (1 - kept);
    this.#set(mean, penaltyUs * left, now);
  }

  /**
   * Takes in a failure, for the time since the last answer alone: a server that refuses does so in a burst, and most of what comes next
   * may well be served. As one of fifty, each would cost as much as two answers, and full servers would be left half empty.
   */
  #penalize(sampleMs: number, now: number): void {
    const isUnknown = this.#latencyUs === unknown;
    const left = isUnknown ? 0 : this.#left(now);
    const mean = isUnknown ? 1000 * this.shared.typicalMs : this.#latencyUs - this.#penaltyUs;
    this.#set(mean, this.#penaltyUs * left + (1000 * sampleMs - mean) * (1 - left), now);
  }

  get #latencyUs(): number {
    return this.table.ints[this.at + latencyColumn]!;
  }

  /** The share of what was heard last that has not faded. */
  #left(now: number): number {
    return this.shared.decay.left((now - this.table.ints[this.at + heardColumn]!) | 0);
  }

  #set(meanUs: number, penaltyUs: number, now: number): void {
    const latencyUs = Math.min(Math.round(meanUs + penaltyUs), mostUs);
    this.#penaltyUs = Math.min(Math.round(penaltyUs), latencyUs);
    const { ints } = this.table;
    ints[this.at + latencyColumn] = latencyUs;
    ints[this.at + heardColumn] = now | 0;
  }
}

function latencyIn(ints: Int32Array, at: number, now: number, pool: PeakEwmaPool): number {
  const latencyUs = ints[at + latencyColumn]!;
  const typical = pool.typicalMs;
  if (latencyUs === unknown) return typical;
  return typical + (latencyUs / 1000 - typical) * pool.decay.left(((now | 0) - ints[at + heardColumn]!) | 0);
}
