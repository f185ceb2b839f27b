/** First in, first out, of small integers, in one array that grows: `Array.shift` is O(n) for the queues of an overloaded server. */
export class Ring {
  #values = new Int32Array(16);
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The one that came first; -1 when there is none. */
  get first(): number {
    return this.#length === 0 ? -1 : this.#values[this.#first]!;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    this.#values[(this.#first + this.#length) & (this.#values.length - 1)] = value;
    this.#length += 1;
  }

  /** The one that came first, taken out; -1 when there is none. */
  shift(): number {
    if (this.#length === 0) return -1;
    const value = this.#values[this.#first]!;
    this.#first = (this.#first + 1) & (this.#values.length - 1);
    this.#length -= 1;
    return value;
  }

  #grow(): void {
    const larger = new Int32Array(this.#values.length * 2);
    for (let index = 0; index < this.#length; index += 1) {
      larger[index] = this.#values[(this.#first + index) & (this.#values.length - 1)]!;
    }
    this.#values = larger;
    this.#first = 0;
  }
}
