/**
 * What etcd holds under a service's prefix, as far as we know: the fold of one list and the events since.
 *
 * Pure: it is told lists and events and gives snapshots. A list is applied as a difference, never as "clear, then fill", so an
 * endpoint that did not change stays the same object.
 */
import type { Endpoint, Snapshot } from '@lb/core';

import { InvalidValueError } from './errors.ts';

/** A key and its value at the revision it was last written. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
}

export type ViewEvent =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string };

export interface ViewOptions {
  /** Reads the value of a key. Throws `InvalidValueError` for one that may not be used. */
  readonly read: (key: string, value: Buffer) => Endpoint;
  /** Told of each value that was skipped. */
  readonly onInvalid: (key: string, error: InvalidValueError) => void;
  /** Most keys to hold; further ones are skipped as invalid. */
  readonly maxEndpoints: number;
}

interface Held {
  readonly entry: Entry;
  /** The last usable value; `undefined` while the key never had one. */
  readonly endpoint: Endpoint | undefined;
}

export class View {
  readonly #options: ViewOptions;
  readonly #held = new Map<string, Held>();
  #revision = 0;
  #snapshot: Snapshot | undefined;

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  /** The revision that everything up to has been applied. */
  get revision(): number {
    return this.#revision;
  }

  /** How many keys there are, usable or not, and the newest revision among them: what etcd would say of the same prefix. */
  get fingerprint(): { readonly count: number; readonly newest: number } {
    let newest = 0;
    for (const { entry } of this.#held.values()) newest = Math.max(newest, entry.modRevision);
    return { count: this.#held.size, newest };
  }

  /** Takes a complete list at `revision` in place of all that was known. O(keys). */
  list(entries: readonly Entry[], revision: number): void {
    const listed = new Set<string>();
    for (const entry of entries) {
      listed.add(entry.key);
      this.#put(entry);
    }
    for (const key of this.#held.keys()) if (!listed.has(key)) this.#held.delete(key);
    this.#revision = revision;
    this.#snapshot = undefined;
  }

  /** Applies the events of one or more whole revisions, the last of which is `revision`. O(events). */
  apply(events: readonly ViewEvent[], revision: number): void {
    for (const event of events) {
      if (event.kind === 'put') this.#put(event.entry);
      else this.#held.delete(event.key);
    }
    this.#revision = revision;
    if (events.length > 0) this.#snapshot = undefined;
  }

  /** The endpoints now. The same object until something changes. O(keys). */
  snapshot(): Snapshot {
    this.#snapshot ??= Object.freeze({ revision: this.#revision, endpoints: Object.freeze(this.#endpoints()) });
    return this.#snapshot;
  }

  #put(entry: Entry): void {
    const known = this.#held.get(entry.key);
    // Revisions alone do not tell: a store that was wiped counts them out anew, for other values.
    const endpoint = known?.entry.value.equals(entry.value) === true ? known.endpoint : this.#read(entry, known);
    this.#held.set(entry.key, { entry, endpoint });
  }

  /** A bad value under a key that was good keeps the good one: better yesterday's weight than a provider less. */
  #read({ key, value }: Entry, known: Held | undefined): Endpoint | undefined {
    try {
      if (known === undefined && this.#held.size >= this.#options.maxEndpoints) {
        throw new InvalidValueError(`there are ${this.#options.maxEndpoints} endpoints already`);
      }
      return this.#options.read(key, value);
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      this.#options.onInvalid(key, error);
      return known?.endpoint;
    }
  }

  /**
   * One endpoint for each address. A process that restarts leaves its old key behind until the lease ends; counting both would
   * send the address twice its share, so the newest registration speaks for it.
   */
  #endpoints(): Endpoint[] {
    const byOrigin = new Map<string, { readonly endpoint: Endpoint; readonly createRevision: number }>();
    for (const { endpoint, entry } of this.#held.values()) {
      if (endpoint === undefined) continue;
      const other = byOrigin.get(endpoint.origin);
      if (other === undefined || other.createRevision < entry.createRevision) {
        byOrigin.set(endpoint.origin, { endpoint, createRevision: entry.createRevision });
      }
    }
    return Array.from(byOrigin.values(), ({ endpoint }) => endpoint);
  }
}
