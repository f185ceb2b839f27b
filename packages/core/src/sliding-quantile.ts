/**
 * Quantiles of the last `size` values, exactly: the values in the order they came, and the same values sorted.
 *
 * A value costs O(size) moves within one typed array, a quantile O(1). For the tens of values that it is used for here, no tree and no
 * sketch is as small or as fast.
 */
export class SlidingQuantile {
  readonly #latest: Float64Array;
  readonly #sorted: Float64Array;
  #size = 0;
  #next = 0;

  constructor(size: number) {
    this.#latest = new Float64Array(size);
    this.#sorted = new Float64Array(size);
  }

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  add(value: number): void {
    const sorted = this.#sorted;
    let position = this.#size;
    if (position === sorted.length) position = this.#positionOf(this.#latest[this.#next]!);
    else this.#size += 1;
    // From the place that is free to the one where it belongs: as many moves as there are values between what goes and what comes.
    for (; position > 0 && sorted[position - 1]! > value; position -= 1) sorted[position] = sorted[position - 1]!;
    for (; position < this.#size - 1 && sorted[position + 1]! < value; position += 1) {
      sorted[position] = sorted[position + 1]!;
    }
    sorted[position] = value;
    this.#latest[this.#next] = value;
    this.#next = (this.#next + 1) % sorted.length;
  }

  /** The least value that at least `share` of the values, from 0 to 1, are not above; `undefined` when there is none. */
  quantile(share: number): number | undefined {
    return this.#size === 0 ? undefined : this.#sorted[Math.max(0, Math.ceil(share * this.#size) - 1)];
  }

  /** Of a value that is there: by halves, since as a call out of compiled code `indexOf` would take longer than all the rest. */
  #positionOf(value: number): number {
    let low = 0;
    let high = this.#size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
