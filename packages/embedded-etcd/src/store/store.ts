import { refusal } from '../etcd-error.ts';
import { EventLog, type Change } from './event-log.ts';
import { KeyHistory } from './key-history.ts';
import { bytesOf, isSingle, type Key, type KeyRange } from './key-range.ts';
import { type KeyValue, type LeaseId, noLease } from './key-value.ts';
import { SortedKeys } from './sorted-keys.ts';

/** What can be read: the store as it is, or as a txn that is being applied has left it so far. */
export interface View {
  /** Revision that a read sees which names none. */
  readonly revision: number;
  /** The keys of `range` at `revision`, in byte order. Throws when the revision is compacted or to come. */
  scan(range: KeyRange, revision?: number): Iterable<KeyValue>;
}

/** A write that is being applied. Its changes share one revision, and its reads see those already made. */
export interface WriteTxn extends View {
  /** Sets `key`, and returns what it held before. O(log n) for a new key, else O(1). */
  put(key: Key, value: Buffer, lease: LeaseId): KeyValue | undefined;
  /** Deletes the keys of `range`, and returns what they held. */
  delete(range: KeyRange): readonly KeyValue[];
}

/** Told of each write once it is done. */
export type CommitListener = (revision: number, changes: readonly Change[]) => void;

const firstRevision = 1;

/**
 * Keys with all their versions since the last compaction.
 *
 * Each key keeps its own history, found by a Map, and a sorted index of keys serves ranges; so a write touches what it changes
 * and nothing else, and a read of the past is a search in one history for each key.
 */
export class Store implements View {
  readonly #histories = new Map<Key, KeyHistory>();
  readonly #index = new SortedKeys();
  readonly #log = new EventLog(firstRevision + 1);
  readonly #leased = new Map<LeaseId, Set<Key>>();
  readonly #listeners = new Set<CommitListener>();
  #revision = firstRevision;
  #compacted = -1;

  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision that can be read; -1 as long as nothing was compacted. */
  get compactedRevision(): number {
    return this.#compacted;
  }

  scan(range: KeyRange, revision = 0): Iterable<KeyValue> {
    return this.#scan(range, revision, this.#revision);
  }

  /** Changes made at `revision`: none when it is compacted or to come. */
  changesAt(revision: number): readonly Change[] {
    return this.#log.at(revision);
  }

  /** The keys that `lease` will take along, in byte order. */
  keysOf(lease: LeaseId): readonly Key[] {
    // Keys are one-byte text, for which the order of UTF-16 units, sort's own, is byte order.
    return [...(this.#leased.get(lease) ?? [])].toSorted();
  }

  /**
   * Runs `work`, and makes one revision of all that it changed, or none if that is nothing. `work` must not throw once it has
   * changed something: checks come first.
   */
  write<T>(work: (txn: WriteTxn) => T): T {
    const revision = this.#revision + 1;
    const changes: Change[] = [];
    const current = (): number => (changes.length === 0 ? this.#revision : revision);
    const result = work({
      get revision() {
        return current();
      },
      scan: (range, at = 0) => this.#scan(range, at, current()),
      put: (key, value, lease) => this.#put(key, value, lease, revision, changes),
      delete: (range) => this.#delete(range, revision, changes),
    });
    if (changes.length > 0) {
      this.#revision = revision;
      this.#log.append(changes);
      for (const listener of this.#listeners) listener(revision, changes);
    }
    return result;
  }

  /** Calls `listener` after each write that changed something. */
  onCommit(listener: CommitListener): void {
    this.#listeners.add(listener);
  }

  /** Forgets the history below `revision`, which stays readable. O(n). */
  compact(revision: number): void {
    if (revision <= this.#compacted) throw refusal('compacted');
    if (revision > this.#revision) throw refusal('futureRevision');
    this.#compacted = revision;
    this.#log.compact(revision);
    for (const [key, history] of this.#histories) {
      if (history.compact(revision)) this.#forget(key);
    }
  }

  /** Forgets all that happened above `revision`, as if it had not. O(n). */
  rewind(revision: number): void {
    if (revision < Math.max(firstRevision, this.#compacted) || revision > this.#revision) {
      throw new RangeError(
        `Revision ${revision} is not in the history, which has ${this.#compacted} to ${this.#revision}`,
      );
    }
    this.#revision = revision;
    this.#log.rewind(revision);
    this.#leased.clear();
    for (const [key, history] of this.#histories) {
      if (history.rewind(revision)) this.#forget(key);
      else this.#move(key, noLease, history.latest?.lease ?? noLease);
    }
  }

  /** Bytes of all keys and values in the history. O(n). */
  byteSize(): number {
    let size = 0;
    for (const history of this.#histories.values()) size += history.byteSize();
    return size;
  }

  #scan(range: KeyRange, revision: number, current: number): Iterable<KeyValue> {
    if (revision > current) throw refusal('futureRevision');
    const at = revision > 0 ? revision : current;
    if (at < this.#compacted) throw refusal('compacted');
    return isSingle(range) ? this.#readOne(range.start, at) : this.#readMany(range, at);
  }

  #readOne(key: Key, revision: number): readonly KeyValue[] {
    const kv = this.#histories.get(key)?.at(revision);
    return kv === undefined ? [] : [kv];
  }

  *#readMany(range: KeyRange, revision: number): Generator<KeyValue, void> {
    for (const key of this.#index.within(range)) {
      const kv = this.#histories.get(key)?.at(revision);
      if (kv !== undefined) yield kv;
    }
  }

  #put(key: Key, value: Buffer, lease: LeaseId, revision: number, changes: Change[]): KeyValue | undefined {
    let history = this.#histories.get(key);
    if (history === undefined) {
      history = new KeyHistory();
      this.#histories.set(key, history);
      this.#index.add(key);
    }
    const previous = history.latest;
    const kv: KeyValue = {
      key: previous?.key ?? bytesOf(key),
      value,
      createRevision: previous?.createRevision ?? revision,
      modRevision: revision,
      version: (previous?.version ?? 0) + 1,
      lease,
    };
    this.#move(key, previous?.lease ?? noLease, lease);
    history.record(revision, kv);
    changes.push({ key, revision, kv });
    return previous;
  }

  #delete(range: KeyRange, revision: number, changes: Change[]): readonly KeyValue[] {
    const keys = isSingle(range) ? [range.start] : [...this.#index.within(range)];
    const deleted: KeyValue[] = [];
    for (const key of keys) {
      const history = this.#histories.get(key);
      const previous = history?.latest;
      if (history === undefined || previous === undefined) continue;
      this.#move(key, previous.lease, noLease);
      history.record(revision, undefined);
      changes.push({ key, revision, kv: undefined });
      deleted.push(previous);
    }
    return deleted;
  }

  #move(key: Key, from: LeaseId, to: LeaseId): void {
    if (from === to) return;
    const left = this.#leased.get(from);
    left?.delete(key);
    if (left?.size === 0) this.#leased.delete(from);
    if (to === noLease) return;
    const joined = this.#leased.get(to);
    if (joined === undefined) this.#leased.set(to, new Set([key]));
    else joined.add(key);
  }

  #forget(key: Key): void {
    this.#histories.delete(key);
    this.#index.delete(key);
  }
}
