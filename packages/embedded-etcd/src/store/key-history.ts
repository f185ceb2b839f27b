import type { KeyValue } from './key-value.ts';

/** All that is known of one key: its puts and deletions, oldest first. */
export class KeyHistory {
  readonly #steps: { readonly revision: number; readonly kv: KeyValue | undefined }[] = [];

  /** The key as it is now; undefined when it is deleted. */
  get latest(): KeyValue | undefined {
    return this.#steps.at(-1)?.kv;
  }

  /** The key as it was at `revision`; undefined when it did not exist. */
  at(revision: number): KeyValue | undefined {
    const last = this.#steps.at(-1);
    if (last !== undefined && last.revision <= revision) return last.kv;
    return this.#steps[this.#lastUpTo(revision)]?.kv;
  }

  /** Records a put, or with no `kv` a deletion. A txn may do both at one revision; the later one counts. */
  record(revision: number, kv: KeyValue | undefined): void {
    this.#steps.push({ revision, kv });
  }

  /** Forgets what no read at or above `revision` can see. True when nothing is left. */
  compact(revision: number): boolean {
    const seen = this.#lastUpTo(revision);
    const deleted = seen >= 0 && this.#steps[seen]?.kv === undefined;
    this.#steps.splice(0, deleted ? seen + 1 : Math.max(seen, 0));
    return this.#steps.length === 0;
  }

  /** Forgets what happened above `revision`. True when nothing is left. */
  rewind(revision: number): boolean {
    this.#steps.splice(this.#lastUpTo(revision) + 1);
    return this.#steps.length === 0;
  }

  /** Bytes of the keys and values of all puts. */
  byteSize(): number {
    return this.#steps.reduce((sum, { kv }) => sum + (kv === undefined ? 0 : kv.key.length + kv.value.length), 0);
  }

  /** Index of the last step at or below `revision`, or -1. */
  #lastUpTo(revision: number): number {
    let low = 0;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#steps[middle]?.revision ?? Infinity) <= revision) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
