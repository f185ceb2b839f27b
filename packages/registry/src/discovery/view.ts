/**
 * What etcd holds under a prefix, as far as we know: the fold of one list and the events since.
 *
 * It is told lists and events, and tells what changed. A list is applied as a difference, never as "clear, then fill", so what did
 * not change stays the same object; and only once it is complete, since a part of a list says nothing about what is missing from it.
 *
 * Whoever may write under the prefix must not be able to hurt those who read it. A bad value under a key that was good keeps the good
 * one, for as long as it is the same key: better yesterday's weight than a provider less. What has a place keeps it, and what comes
 * when there is no room is counted, and costs nothing beyond that, however much of it there is.
 */
import { InvalidValueError } from '../errors.ts';

/** A key and its value as etcd gives them; see etcd's `KeyValue`. */
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly version: string;
}

export type ViewEvent =
  | { readonly kind: 'put'; readonly kv: KeyValue }
  | { readonly kind: 'delete'; readonly key: Buffer };

export interface ViewOptions<T> {
  /** What all keys begin with, in ASCII. */
  readonly prefix: string;
  /** Reads the value of a key; `name` is the key without the prefix. Throws `InvalidValueError` for one that may not be used. */
  readonly read: (name: string, value: Buffer) => T;
  /** Told of what a key means from now on; `undefined` when it is gone. */
  readonly onChange: (key: string, value: T | undefined, createRevision: bigint) => void;
  /** Told of each value that is not used. */
  readonly onInvalid: (key: string, error: InvalidValueError) => void;
  /** Most keys to use. */
  readonly maxEntries: number;
  /** Most bytes of values to use, over all keys. */
  readonly maxBytes: number;
}

interface Revisions {
  readonly createRevision: bigint;
  readonly modRevision: bigint;
}

interface Held<T> extends Revisions {
  readonly value: T;
  readonly bytes: number;
  /** The bytes that `value` was read from, as Latin-1; `undefined` when a bad value has come after them. */
  readonly source: string | undefined;
}

/** A key as it was just listed or put, and what can be made of it. */
interface Candidate<T> extends Revisions {
  readonly bytes: number;
  readonly read: { readonly value: T; readonly source: string } | InvalidValueError;
}

export class View<T> {
  readonly #options: ViewOptions<T>;
  readonly #prefixBytes: number;
  readonly #held = new Map<string, Held<T>>();
  /** Keys that are not used, with the revision that was reported. */
  readonly #skipped = new Map<string, bigint>();
  /** How many more there are, of which nothing is known. */
  #uncounted = 0;
  #bytes = 0;
  #revision = 0n;

  constructor(options: ViewOptions<T>) {
    this.#options = options;
    this.#prefixBytes = options.prefix.length;
  }

  /** The revision that everything up to has been applied. */
  get revision(): bigint {
    return this.#revision;
  }

  /** Keys in use. */
  get size(): number {
    return this.#held.size;
  }

  /** Keys that are there but not used. */
  get unused(): number {
    return this.#skipped.size + this.#uncounted;
  }

  /**
   * How many keys there are, used or not, and the newest revision among them: what etcd would say of the same prefix. The newest is
   * `undefined` when there are more keys than we know. O(keys).
   */
  get fingerprint(): { readonly count: number; readonly newest: bigint | undefined } {
    let newest = 0n;
    for (const { modRevision } of this.#held.values()) if (modRevision > newest) newest = modRevision;
    for (const modRevision of this.#skipped.values()) if (modRevision > newest) newest = modRevision;
    return { count: this.#held.size + this.unused, newest: this.#uncounted === 0 ? newest : undefined };
  }

  /** Begins a list, which takes the place of all that is known once it is finished. */
  startList(): ViewList {
    const { maxEntries } = this.#options;
    const listed = new Map<string, Candidate<T>>();
    // Newcomers beyond these have no place, whatever the rest of the list says; apart, so that no number of bad ones takes a good one's.
    let good = 0;
    let bad = 0;
    return {
      add: (kv) => {
        const key = kv.key.toString('latin1');
        const candidate = this.#read(key, kv);
        if (!this.#held.has(key)) {
          const number = candidate.read instanceof InvalidValueError ? (bad += 1) : (good += 1);
          if (number > maxEntries) return;
        }
        listed.set(key, candidate);
      },
      finish: (revision, count) => this.#replace(listed, revision, count),
    };
  }

  /** Applies the events of one or more whole revisions, the last of which is `revision`. O(events). */
  apply(events: readonly ViewEvent[], revision: bigint): void {
    for (const event of events) {
      if (event.kind === 'put') this.#put(event.kv);
      else this.#remove(event.key.toString('latin1'));
    }
    this.#revision = revision;
  }

  #replace(listed: ReadonlyMap<string, Candidate<T>>, revision: bigint, count: number): ListResult {
    let repaired = 0;
    if (revision >= this.#revision) {
      for (const [key, { modRevision }] of listed) {
        // Written at a revision that we had passed, and not known as it was written then.
        if (modRevision <= this.#revision && !this.#knows(key, modRevision)) repaired += 1;
      }
    }
    for (const key of this.#held.keys()) {
      if (listed.has(key)) continue;
      if (revision === this.#revision) repaired += 1;
      this.#remove(key);
    }
    for (const key of this.#skipped.keys()) if (!listed.has(key)) this.#skipped.delete(key);
    this.#uncounted = 0;
    // What has a place first, so that no newcomer can take it.
    for (const [key, candidate] of listed) if (this.#held.has(key)) this.#settle(key, candidate);
    for (const [key, candidate] of listed) if (!this.#held.has(key)) this.#settle(key, candidate);
    this.#uncounted = Math.max(0, count - this.#held.size - this.#skipped.size);
    this.#revision = revision;
    return { repaired };
  }

  #knows(key: string, modRevision: bigint): boolean {
    const known = this.#held.get(key)?.modRevision ?? this.#skipped.get(key);
    return known === modRevision || (known === undefined && this.#uncounted > 0);
  }

  #put(kv: KeyValue): void {
    const key = kv.key.toString('latin1');
    const known = this.#held.has(key) || this.#skipped.has(key);
    // A key that is there already, but is not among those we know, is one of the uncounted.
    if (!known && kv.version !== '1' && this.#uncounted > 0) this.#uncounted -= 1;
    this.#settle(key, this.#read(key, kv));
  }

  #remove(key: string): void {
    const held = this.#held.get(key);
    if (held !== undefined) {
      this.#held.delete(key);
      this.#bytes -= held.bytes;
      this.#options.onChange(key, undefined, held.createRevision);
    } else if (!this.#skipped.delete(key) && this.#uncounted > 0) {
      this.#uncounted -= 1;
    }
  }

  #read(key: string, { key: bytes, value, create_revision, mod_revision }: KeyValue): Candidate<T> {
    const held = this.#held.get(key);
    const revisions = {
      createRevision: BigInt(create_revision),
      modRevision: BigInt(mod_revision),
      bytes: value.length,
    };
    // Revisions alone do not tell whether the value is another: a store that was wiped counts them out anew, for other values.
    if (held?.source !== undefined && held.bytes === value.length && held.source === value.toString('latin1')) {
      return { ...revisions, read: { value: held.value, source: held.source } };
    }
    try {
      const read = this.#options.read(nameOf(bytes, this.#prefixBytes), value);
      return { ...revisions, read: { value: read, source: value.toString('latin1') } };
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      return { ...revisions, read: error };
    }
  }

  /** Gives a key its place, or none. */
  #settle(key: string, { read, createRevision, modRevision, bytes }: Candidate<T>): void {
    let held = this.#held.get(key);
    if (read instanceof InvalidValueError) {
      if (held !== undefined && held.createRevision !== createRevision) {
        // What was good under this key was deleted in between: what is bad now is somebody else.
        this.#remove(key);
        held = undefined;
      }
      if (held === undefined) {
        this.#skip(key, modRevision, read);
      } else {
        if (held.modRevision !== modRevision) this.#options.onInvalid(key, read);
        this.#held.set(key, { ...held, modRevision, source: undefined });
      }
      return;
    }
    const { maxEntries, maxBytes } = this.#options;
    if (held === undefined && (this.#held.size >= maxEntries || this.#bytes + bytes > maxBytes)) {
      const full = this.#held.size >= maxEntries ? `${maxEntries} keys` : `${maxBytes} bytes`;
      this.#skip(key, modRevision, new InvalidValueError(`there are ${full} in use already`));
      return;
    }
    this.#skipped.delete(key);
    this.#bytes += bytes - (held?.bytes ?? 0);
    this.#held.set(key, { value: read.value, source: read.source, createRevision, modRevision, bytes });
    if (held?.value !== read.value || held.createRevision !== createRevision) {
      this.#options.onChange(key, read.value, createRevision);
    }
  }

  #skip(key: string, modRevision: bigint, error: InvalidValueError): void {
    const reported = this.#skipped.get(key);
    if (reported === undefined && this.#skipped.size >= this.#options.maxEntries) {
      this.#uncounted += 1;
      return;
    }
    this.#skipped.set(key, modRevision);
    if (reported !== modRevision) this.#options.onInvalid(key, error);
  }
}

/** A view, for whoever follows etcd for it and does not mind what the values mean. */
export type Followed = Pick<View<unknown>, 'revision' | 'size' | 'unused' | 'fingerprint' | 'startList' | 'apply'>;

/** A list as it comes in. */
export interface ViewList {
  /** A key of it, in the order of keys. */
  add(kv: KeyValue): void;
  /** That was all, true at `revision`; there were `count` keys. O(keys). */
  finish(revision: bigint, count: number): ListResult;
}

export interface ListResult {
  /**
   * Keys that we should have known about, and did not. Events that are still on their way do not count, and neither does anything
   * when the store has gone back to an earlier revision.
   */
  readonly repaired: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function nameOf(key: Buffer, prefixBytes: number): string {
  try {
    return utf8.decode(key.subarray(prefixBytes));
  } catch (cause) {
    throw new InvalidValueError('its key is not UTF-8', { cause });
  }
}
