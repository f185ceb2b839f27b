import type { Random } from '../policy.ts';

/**
 * Draws an index in proportion to its weight, in O(1): Walker's alias method, built by Vose's algorithm in O(n).
 *
 * Each of n equally wide columns holds at most two indexes: its own up to `threshold`, its `alias` above. One uniform number
 * serves both draws: its whole part (times n) is the column, its fraction the coin.
 *
 * Source: M. D. Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE TSE 17(9), 1991.
 */
export class AliasTable {
  readonly #threshold: Float64Array;
  readonly #alias: Uint32Array;

  /** `weights` are finite, at least 0, and not all 0. */
  constructor(weights: readonly number[]) {
    const size = weights.length;
    this.#threshold = new Float64Array(size);
    this.#alias = new Uint32Array(size);

    // Dividing by the largest first keeps the sum finite for any finite weights.
    const largest = Math.max(...weights);
    let sum = 0;
    for (const weight of weights) sum += weight / largest;

    const small: number[] = [];
    const large: number[] = [];
    for (const [index, weight] of weights.entries()) {
      const height = (weight / largest / sum) * size;
      this.#threshold[index] = height;
      (height < 1 ? small : large).push(index);
    }
    for (let low = small.pop(); low !== undefined; low = small.pop()) {
      const high = large.at(-1);
      if (high === undefined) {
        // Only rounding gets here: what is left of the column belongs to its own index.
        this.#threshold[low] = 1;
        continue;
      }
      this.#alias[low] = high;
      const rest = this.#threshold[high]! - (1 - this.#threshold[low]!);
      this.#threshold[high] = rest;
      if (rest < 1) {
        large.pop();
        small.push(high);
      }
    }
    for (const high of large) this.#threshold[high] = 1;
  }

  draw(random: Random): number {
    const scaled = random() * this.#threshold.length;
    const column = Math.floor(scaled);
    return scaled - column < this.#threshold[column]! ? column : this.#alias[column]!;
  }
}
