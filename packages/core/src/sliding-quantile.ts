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
    if (this.#size === this.#latest.length) this.#remove(this.#latest[this.#next]!);
    this.#latest[this.#next] = value;
    this.#next = (this.#next + 1) % this.#latest.length;

    let position = this.#size;
    for (; position > 0 && this.#sorted[position - 1]! > value; position -= 1) {
      this.#sorted[position] = this.#sorted[position - 1]!;
    }
    this.#sorted[position] = value;
    this.#size += 1;
  }

  /** The least value that at least `share` of the values, from 0 to 1, are not above; `undefined` when there is none. */
  quantile(share: number): number | undefined {
    return this.#size === 0 ? undefined : this.#sorted[Math.max(0, Math.ceil(share * this.#size) - 1)];
  }

  #remove(value: number): void {
    const position = this.#sorted.indexOf(value);
    this.#sorted.copyWithin(position, position + 1, this.#size);
    this.#size -= 1;
  }
}
