import type { Key, KeyRange } from './key-range.ts';

/** Small enough that an insertion moves little, large enough that few chunks are needed. */
const defaultMaxChunk = 512;

/**
 * A set of keys in byte order, as a list of sorted chunks.
 *
 * One sorted array moves half of itself on every insertion; a balanced tree costs an object a key. With n keys, `add` and
 * `delete` cost O(log n + 512 + n / 512), a walk O(log n) and then O(1) a key.
 */
export class SortedKeys {
  /** Never holds an empty chunk. */
  readonly #chunks: Key[][] = [];
  readonly #maxChunk: number;
  #size = 0;

  /** A chunk of more keys than `maxChunk` is halved. */
  constructor(maxChunk: number = defaultMaxChunk) {
    this.#maxChunk = maxChunk;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds `key`, which must not be in the set. */
  add(key: Key): void {
    this.#size += 1;
    const at = Math.max(0, this.#chunkAfter(key) - 1);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > this.#maxChunk) this.#chunks.splice(at + 1, 0, chunk.splice(this.#maxChunk >> 1));
  }

  /** Removes `key`; does nothing when it is not in the set. */
  delete(key: Key): void {
    const at = this.#chunkAfter(key) - 1;
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const index = lowerBound(chunk, key);
    if (chunk[index] !== key) return;
    this.#size -= 1;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The keys of `range`, in order. The set must not change during the walk. */
  *within({ start, end }: KeyRange): Generator<Key, void> {
    const first = Math.max(0, this.#chunkAfter(start) - 1);
    for (let at = first; at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at] ?? [];
      for (let index = at === first ? lowerBound(chunk, start) : 0; index < chunk.length; index += 1) {
        const key = chunk[index] ?? '';
        if (end !== undefined && key >= end) return;
        yield key;
      }
    }
  }

  /** Index of the first chunk that starts above `key`. */
  #chunkAfter(key: Key): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.[0] ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Index of the first of `sorted` that is not below `key`. */
function lowerBound(sorted: readonly Key[], key: Key): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
