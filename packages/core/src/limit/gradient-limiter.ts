/**
 * Lowers the limit when answers take longer than they have long been taking, before the peer has to refuse: the queue is seen in
 * the latency. Gradient2 of Netflix/concurrency-limits (`Gradient2Limit.java` inside `WindowedLimit.java`), once a window:
 *
 *     gradient = clamp(tolerance × long / short, 0.5, 1)        long and short: averages of the latency
 *     limit   ← 0.8 × limit + 0.2 × (gradient × limit + queue)
 *
 * While latency is what it was, the limit creeps up by `queue` a window, smoothed; a window half as slow again as usual is
 * tolerated; beyond that it shrinks. Averages and not the minimum, because requests differ and the fastest of them is no base to
 * measure the others by. After a long overload the long average is too high: while it is more than twice the short one, it is
 * brought down by a twentieth a window.
 *
 * Loses where the mix of requests changes for a reason of its own: a batch of slow reports looks like a queue.
 */
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { isDrop, type Limiter } from './limiter.ts';

/** Where the limit begins, how it moves, and its bounds. */
export interface GradientLimiterOptions {
  /** Limit to start from. Defaults to 20. */
  readonly initial?: number | undefined;
  /** Never less than this. Defaults to 20, which a peer must be able to hold; set it lower for few slow requests. */
  readonly min?: number | undefined;
  /** Never more than this. Defaults to 200. */
  readonly max?: number | undefined;
  /** How many times its long average latency may grow before the limit falls. Defaults to 1.5. */
  readonly tolerance?: number | undefined;
  /** What the limit may grow by in a window, before smoothing: the queue that is accepted. Defaults to 4. */
  readonly queue?: number | undefined;
  /** Length of a window, in milliseconds. One with fewer than 10 answers goes on. Defaults to 1000. */
  readonly windowMs?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class GradientLimiter implements Limiter {
  readonly #min: number;
  readonly #max: number;
  readonly #tolerance: number;
  readonly #queue: number;
  readonly #windowMs: number;
  #estimate: number;
  #long = 0;
  #windows = 0;
  #windowEnds = -Infinity;
  #sum = 0;
  #count = 0;
  #mostInFlight = 0;

  constructor(options: GradientLimiterOptions = {}) {
    this.#min = checkNumber('min', options.min ?? Math.min(20, options.max ?? 20), { min: 1 });
    this.#max = checkNumber('max', options.max ?? Math.max(200, this.#min), { min: this.#min });
    const initial = Math.min(this.#max, Math.max(this.#min, 20));
    this.#estimate = checkNumber('initial', options.initial ?? initial, { min: this.#min, max: this.#max });
    this.#tolerance = checkNumber('tolerance', options.tolerance ?? 1.5, { min: 1 });
    this.#queue = checkNumber('queue', options.queue ?? 4, { min: 0 });
    this.#windowMs = checkNumber('windowMs', options.windowMs ?? 1000, { above: 0 });
  }

  get limit(): number {
    return Math.floor(this.#estimate);
  }

  end(outcome: Outcome, inFlight: number, startedAt: number, now: number): void {
    // A fast refusal would pass for a fast answer. A drop counts with the time it took only when that was a timeout's.
    if (outcome.kind !== 'success' && !(isDrop(outcome) && now - startedAt > this.#long)) return;
    this.#sum += Math.max(0, now - startedAt);
    this.#count += 1;
    this.#mostInFlight = Math.max(this.#mostInFlight, inFlight);
    if (now < this.#windowEnds || this.#count < samplesPerWindow) return;
    this.#update(this.#sum / this.#count);
    this.#windowEnds = now + this.#windowMs;
    this.#sum = 0;
    this.#count = 0;
    this.#mostInFlight = 0;
  }

  #update(short: number): void {
    if (!(short > 0)) return;
    this.#windows += 1;
    // An exponential average over 600 windows that starts as the plain mean of the first ten.
    this.#long += (short - this.#long) * (this.#windows <= warmup ? 1 / this.#windows : longShare);
    if (this.#long > 2 * short) this.#long *= 0.95;
    // A limit that is not used says nothing about what the peer can bear.
    if (this.#mostInFlight < this.#estimate / 2) return;
    const gradient = Math.max(0.5, Math.min(1, (this.#tolerance * this.#long) / short));
    const next = this.#estimate * gradient + this.#queue;
    this.#estimate = Math.max(this.#min, Math.min(this.#max, this.#estimate + smoothing * (next - this.#estimate)));
  }
}

const smoothing = 0.2;
const samplesPerWindow = 10;
const warmup = 10;
const longShare = 2 / (600 + 1);
