import type { Key } from './key-range.ts';
import type { KeyValue } from './key-value.ts';

/** One change of one key. */
export interface Change {
  readonly key: Key;
  readonly revision: number;
  /** What was put; undefined for a deletion. */
  readonly kv: KeyValue | undefined;
}

/** Every change since the last compaction, by revision. A revision is one write: all its changes happened at once. */
export class EventLog {
  /** `#revisions[i]` holds the changes of revision `#first + i`. */
  #revisions: (readonly Change[])[] = [];
  #first: number;

  /** `first` is the revision that the first write will get. */
  constructor(first: number) {
    this.#first = first;
  }

  /** Records the changes of the next revision. */
  append(changes: readonly Change[]): void {
    this.#revisions.push(changes);
  }

  /** The changes of `revision`; none when it is compacted or not written yet. */
  at(revision: number): readonly Change[] {
    return this.#revisions[revision - this.#first] ?? [];
  }

  /**
   * Forgets what happened below `revision`, and of what happened at it all but the puts that a read at it still shows. So it is
   * in etcd, which is why a watch may start there and yet not see its deletions.
   */
  compact(revision: number): void {
    const kept = Math.max(0, revision - this.#first);
    this.#revisions = this.#revisions.slice(kept);
    this.#first += kept;
    const oldest = this.#revisions[0];
    if (oldest !== undefined && this.#first === revision) {
      const last = new Map(oldest.map((change) => [change.key, change]));
      this.#revisions[0] = oldest.filter((change) => change.kv !== undefined && last.get(change.key) === change);
    }
  }

  /** Forgets what happened above `revision`. */
  rewind(revision: number): void {
    this.#revisions.length = Math.max(0, revision - this.#first + 1);
  }
}
