/**
 * How much of its weight a peer gets while it warms up: caches are cold, code is not yet compiled, pools are empty, and a load
 * that it will bear in ten seconds would drown it now.
 *
 *     factor = max(minShare, (max(1 s, age) / window) ^ (1 / aggression))
 *
 * Source: Envoy, "Slow start mode". Unlike there, age is counted from the endpoint's own `startedAt` where it says so, as Dubbo
 * does: a client that restarts must not take a fleet that has been up for days for new.
 */
import { checkNumber } from '../options.ts';

/** How a new peer comes to its full share. */
export interface SlowStartOptions {
  /**
   * How long a peer takes to its full weight, in milliseconds; 0 is no slow start. Defaults to 10 000, long enough for a Node
   * process to compile what is hot. The longer, the longer the others carry the load of those that are new.
   */
  readonly windowMs?: number | undefined;
  /** Above 1 the weight rises fast at first, below 1 late. Defaults to 1: straight. */
  readonly aggression?: number | undefined;
  /** Part of its weight that a peer gets at least, so that it is tried at all. Defaults to 0.1, as in Envoy. */
  readonly minShare?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class SlowStart {
  readonly windowMs: number;
  readonly #exponent: number;
  readonly #minShare: number;

  constructor(options: SlowStartOptions = {}) {
    this.windowMs = checkNumber('slowStart.windowMs', options.windowMs ?? 10_000, { min: 0, max: Number.MAX_VALUE });
    this.#exponent = 1 / checkNumber('slowStart.aggression', options.aggression ?? 1, { above: 0 });
    this.#minShare = checkNumber('slowStart.minShare', options.minShare ?? 0.1, { above: 0, max: 1 });
  }

  /** Part of its weight that a peer of this age gets, from `minShare` to 1. */
  factor(ageMs: number): number {
    if (ageMs >= this.windowMs) return 1;
    const progress = Math.min(1, Math.max(1000, ageMs) / this.windowMs);
    return Math.max(this.#minShare, progress ** this.#exponent);
  }
}
