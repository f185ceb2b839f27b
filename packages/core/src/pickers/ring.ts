/**
 * The points of a hash ring in order, each with the index of its owner, and the first at or after any hash without a search.
 *
 * Points are spread evenly, so their leading bits nearly tell their position. Bucketed by these, they are sorted in O(points) and
 * found in O(1), on average; a binary search of 16 000 points would guess fourteen branches, and every other one wrong. What is left to
 * wait for is memory, so the tables are of two bytes each where these do.
 */
import { type IndexTable, indexTable } from './index-table.ts';

export class Ring {
  /** Owner of each point, going around. */
  readonly owners: IndexTable;
  readonly #points: Uint32Array;
  /** For each value of the leading bits, the position of the first point with these or later ones. */
  readonly #starts: IndexTable;
  readonly #shift: number;

  /** `points` are hashes of 32 bits, of any sign, in any order; of equal ones the first given stays first. `owners` are below `ownerCount`. */
  constructor(points: ArrayLike<number>, owners: ArrayLike<number>, ownerCount: number) {
    const size = points.length;
    // Two to four buckets for each point, so that the first point at or after a hash mostly is the first of its bucket.
    const bits = 33 - Math.clz32(size);
    this.#shift = 32 - bits;
    this.#starts = indexTable(2 ** bits + 1, size);
    for (let index = 0; index < size; index += 1) this.#starts[(points[index]! >>> this.#shift) + 1]! += 1;
    for (let bucket = 1; bucket < this.#starts.length; bucket += 1) this.#starts[bucket]! += this.#starts[bucket - 1]!;

    this.#points = new Uint32Array(size);
    this.owners = indexTable(size, ownerCount);
    const filled = this.#starts.slice();
    for (let index = 0; index < size; index += 1) {
      const point = points[index]! >>> 0;
      const bucket = point >>> this.#shift;
      let position = filled[bucket]!;
      filled[bucket] = position + 1;
      for (; position > this.#starts[bucket]! && this.#points[position - 1]! > point; position -= 1) {
        this.#points[position] = this.#points[position - 1]!;
        this.owners[position] = this.owners[position - 1]!;
      }
      this.#points[position] = point;
      this.owners[position] = owners[index]!;
    }
  }

  /** The position of the first point at or after `key`, a hash of 32 bits, which is the first of all when none is. */
  find(key: number): number {
    const hash = key >>> 0;
    const size = this.#points.length;
    let position = this.#starts[hash >>> this.#shift]!;
    while (position < size && this.#points[position]! < hash) position += 1;
    return position < size ? position : 0;
  }
}
