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
 * Failures, silence, callers that leave and newcomers count as in `GuardedPeakEwma`. A read costs a square root, and no `exp`, no clock and no
 * allocation. Loses where latency says more about the request than about the peer: long polls, streams; there `p2c` is better.
 */
import type { Outcome } from '../outcome.ts';
import type { PeakEwmaPool } from './guarded-peak-ewma.ts';
import { InFlight } from './in-flight.ts';

/** As there: less is noise, and a cost of 0 would stay 0 whatever is in flight. */
const leastMs = 1;

/** How many answers the mean is of at most. */
const mostSamples = 50;

/** Stands for L until something has ended. */
const unknown = -1;

/** The longest latency there is, in microseconds: 35 minutes, the largest small integer of the engine. */
const mostUs = 2 ** 31 - 1;

export class GuardedLatency extends InFlight {
  readonly #pool: PeakEwmaPool;
  // Small integers all, which the engine stores in the object, where it stores any other number beside it: with thousands of peers
  // each place more that a read touches is a cache miss more. Times are whole milliseconds modulo 2^32, so a difference of two is
  // right for 24 days and a peer that has not been heard for longer than that is no worse off.
  #latencyUs = unknown;
  /** When the latency was true. */
  #at = 0;
  /** The part of it that failures have added to what answers take. */
  #penaltyUs = 0;
  /** How many answers it is the mean of, up to `mostSamples`. */
  #samples = 0;
  /** Since when nothing has ended, while something is in flight. */
  #silentSince = 0;

  constructor(pool: PeakEwmaPool) {
    super();
    this.#pool = pool;
  }

  override begin(now: number): void {
    if (this.inFlight === 0) this.#silentSince = now | 0;
    super.begin(now);
  }

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    super.end(elapsedMs, outcome, now);
    this.#silentSince = now | 0;
    switch (outcome.kind) {
      case 'success':
        this.#pool.answered(elapsedMs);
        this.#average(elapsedMs, now);
        break;
      case 'failure':
        this.#penalize(Math.max(elapsedMs, this.#pool.failureMs(this.#latencyAt(now), outcome)), now);
        break;
      case 'ignored':
        if (elapsedMs > this.#latencyAt(now)) this.#average(elapsedMs, now);
        break;
      default:
        outcome satisfies never;
    }
  }

  override cost(now: number, weight: number): number {
    // Small enough to be compiled into the picker: as a call of its own, it would allocate what it returns.
    const { inFlight } = this;
    const silence = inFlight === 0 ? 0 : ((now | 0) - this.#silentSince) | 0;
    const latency = Math.max(this.#latencyAt(now), silence, leastMs);
    return latency * Math.sqrt(latency) * (inFlight / weight + 1);
  }

  #latencyAt(now: number): number {
    const typical = this.#pool.typicalMs;
    if (this.#latencyUs === unknown) return typical;
    return typical + (this.#latencyUs / 1000 - typical) * this.#left(now);
  }

  /** Takes in what an answer took: for the time since the last one, or as one of as many as there are, whichever is more. */
  #average(sampleMs: number, now: number): void {
    const left = this.#left(now);
    this.#samples = Math.min(this.#samples + 1, mostSamples);
    const kept = Math.min(left, 1 - 1 / this.#samples);
    const mean = (this.#latencyUs - this.#penaltyUs) * kept + 1000 * sampleMs * (1 - kept);
    this.#set(mean, this.#penaltyUs * left, now);
  }

  /**
   * Takes in a failure, for the time since the last answer alone: a server that refuses does so in a burst, and most of what comes next
   * may well be served. As one of fifty, each would cost as much as two answers, and full servers would be left half empty.
   */
  #penalize(sampleMs: number, now: number): void {
    const left = this.#latencyUs === unknown ? 0 : this.#left(now);
    const mean = this.#latencyUs === unknown ? 1000 * this.#pool.typicalMs : this.#latencyUs - this.#penaltyUs;
    this.#set(mean, this.#penaltyUs * left + (1000 * sampleMs - mean) * (1 - left), now);
  }

  #left(now: number): number {
    return this.#pool.decay.left(((now | 0) - this.#at) | 0);
  }

  #set(meanUs: number, penaltyUs: number, now: number): void {
    this.#latencyUs = Math.min(Math.round(meanUs + penaltyUs), mostUs);
    this.#penaltyUs = Math.min(Math.round(penaltyUs), this.#latencyUs);
    this.#at = now | 0;
  }
}
