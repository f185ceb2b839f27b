import type { Random } from '../policy.ts';

/** Weights are scaled so that the largest is this, and fit 16 bits. */
const maxWeight = 65_535;

/** A weight above this many times the mean counts as that, so that a pick skips ten entries at most, on average. */
const maxRatio = 10;

/** A weight below this share of the mean counts as that, so that whoever has any gets one turn in a hundred rounds. */
const minRatio = 0.01;

/** Where a peer's turns start within the rounds: far from its neighbours', so that equal weights do not skip together. */
const offset = 32_767;

/**
 * The order of a weighted rotation, without any state but a counter: in each round every index is passed once, and index i of
 * weight w is taken in the rounds in which w·round + i·32767 mod 65535 has just wrapped around, which is w/65535 of them. O(1):
 * passes per pick are the largest weight over the mean, at most ten.
 *
 * Source: gRPC core, `static_stride_scheduler.cc`, with its constants.
 */
export class StrideSchedule {
  readonly #weights: Uint16Array;
  #index: number;
  #round: number;

  /**
   * `weights` are finite and above 0. Starts at a random place, so that a fleet does not march in step, or goes on in the round of
   * `previous`.
   */
  constructor(weights: ArrayLike<number>, random: Random, previous?: StrideSchedule) {
    this.#weights = scale(weights);
    this.#index = previous === undefined ? Math.floor(random() * weights.length) : previous.#index % weights.length;
    this.#round = previous === undefined ? Math.floor(random() * maxWeight) : previous.#round;
  }

  /** The index whose turn it is. */
  next(): number {
    for (;;) {
      const index = this.#index;
      const weight = this.#weights[index]!;
      // The product fits 32 bits, since a round is below 65535; reduced before the sum, so that the sum does as well.
      const turned = (Math.imul(weight, this.#round) >>> 0) % maxWeight;
      const place = (turned + ((index * offset) % maxWeight)) % maxWeight;
      this.#advance();
      if (place >= maxWeight - weight) return index;
    }
  }

  #advance(): void {
    this.#index += 1;
    if (this.#index < this.#weights.length) return;
    this.#index = 0;
    this.#round = (this.#round + 1) % maxWeight;
  }
}

/** As gRPC's `StaticStrideScheduler::Make`, but in parts of the largest weight, whose sum is finite for any finite weights. */
function scale(weights: ArrayLike<number>): Uint16Array {
  const parts = Float64Array.from(weights);
  const largest = parts.reduce((most, weight) => Math.max(most, weight), 0);
  let mean = 0;
  for (const weight of parts) mean += weight / largest / parts.length;

  const cap = Math.min(1, maxRatio * mean);
  const least = Math.max(1, Math.round(Math.round((mean / cap) * maxWeight) * minRatio));
  return Uint16Array.from(parts, (weight) =>
    Math.max(least, Math.round(Math.min(weight / largest / cap, 1) * maxWeight)),
  );
}
