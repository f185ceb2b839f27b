/**
 * The points of a hash ring in order, each with the index of its owner, and the owner of any hash without a search.
 *
 * Points are spread evenly, so their leading bits nearly tell their position. Bucketed by these, they are sorted in O(points) and
 * found in O(1), on average; a binary search of 16 000 points would guess fourteen branches, and every other one wrong.
 *
 * What is left to wait for is memory and wrong guesses. Most buckets have one point or none, and all that a hash in them depends on fits one
 * integer: the owners before and after that point, and where it is. One read then tells the owner, with nothing to guess.
 */
import { type IndexTable, indexTable } from './index-table.ts';

/** With more owners there would be no bit left to tell where the point is. */
const maxOwnerBits = 15;

export class Ring {
  /** Owner of each point, going around. */
  readonly owners: IndexTable;
  readonly #points: Uint32Array;
  /** For each value of the leading bits, the position of the first point with these or later ones. */
  readonly #starts: IndexTable;
  readonly #shift: number;
  /**
   * For each bucket, from the lowest bit: who owns what is up to its point, who owns what is after, and the bits of the point that come next
   * after the bucket's. For an owner who depends on more than that stands `#unknown`.
   */
  readonly #rows: Int32Array;
  readonly #ownerBits: number;
  readonly #unknown: number;
  readonly #placeShift: number;
  readonly #placeMask: number;

  /** `points` are hashes of 32 bits, of any sign, in any order; of equal ones the first given stays first. `owners` are below `ownerCount`. */
  constructor(points: ArrayLike<number>, owners: ArrayLike<number>, ownerCount: number) {
    const size = points.length;
    // Two to four buckets for each point, so that one in eleven has more than one point at the worst.
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

    this.#ownerBits = Math.min(maxOwnerBits, 32 - Math.clz32(ownerCount));
    this.#unknown = 2 ** this.#ownerBits - 1;
    const placeBits = Math.min(this.#shift, 31 - 2 * this.#ownerBits);
    this.#placeShift = this.#shift - placeBits;
    this.#placeMask = 2 ** placeBits - 1;
    this.#rows = new Int32Array(2 ** bits);
    for (let bucket = 0; bucket < this.#rows.length; bucket += 1) this.#rows[bucket] = this.#row(bucket);
  }

  /** Whose the first point at or after `key` is, a hash of 32 bits, or the first of all when none is. */
  ownerOf(key: number): number {
    const row = this.#rows[key >>> this.#shift]!;
    const ownerBits = this.#ownerBits;
    const place = (key >>> this.#placeShift) & this.#placeMask;
    const point = row >>> (2 * ownerBits);
    // All ones when the hash is after the point, which is a coin toss, so the processor would guess it wrong half of the time.
    const after = (point - place) >> 31;
    const owner = (row >>> (ownerBits & after)) & this.#unknown;
    // Of equal places, the bits that follow decide.
    return owner === this.#unknown || place === point ? this.owners[this.find(key)]! : owner;
  }

  /** The position of the first point at or after `key`, a hash of 32 bits, which is the first of all when none is. */
  find(key: number): number {
    const hash = key >>> 0;
    const size = this.#points.length;
    let position = this.#starts[hash >>> this.#shift]!;
    while (position < size && this.#points[position]! < hash) position += 1;
    return position < size ? position : 0;
  }

  #row(bucket: number): number {
    const first = this.#starts[bucket]!;
    const next = this.#starts[bucket + 1]!;
    const before = this.#knownOwner(first);
    const after = next - first > 1 ? this.#unknown : this.#knownOwner(next);
    const place = next === first ? 0 : (this.#points[first]! >>> this.#placeShift) & this.#placeMask;
    return (((place << this.#ownerBits) | after) << this.#ownerBits) | before;
  }

  #knownOwner(position: number): number {
    return Math.min(this.owners[position < this.owners.length ? position : 0]!, this.#unknown);
  }
}
