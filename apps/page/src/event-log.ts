import type { LogEntry } from './wire.ts';

/** Enough for an hour of ordinary life, or to see how a bad minute began. */
const maxEntries = 500;

export type NewEntry = Pick<LogEntry, 'kind' | 'text'> & Partial<Pick<LogEntry, 'peer' | 'by'>>;

/** What has happened, in order, as far back as there is room. Ids go up by one, so that a reader who was away knows what it has missed. */
export class EventLog {
  readonly #now: () => number;
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  #entries: LogEntry[] = [];
  #nextId: number;

  /**
   * `now` is the time of day in milliseconds. Ids begin with it: those of a process that was restarted are higher than what readers still
   * remember of the one before.
   */
  constructor(now: () => number) {
    this.#now = now;
    this.#nextId = now();
  }

  add({ kind, text, peer = null, by = null }: NewEntry): LogEntry {
    const entry: LogEntry = { id: this.#nextId, at: this.#now(), kind, text, peer, by };
    this.#nextId += 1;
    this.#entries.push(entry);
    // Cut in one go, now and then, and not by one each time.
    if (this.#entries.length > 2 * maxEntries) this.#entries = this.#entries.slice(-maxEntries);
    for (const listener of this.#listeners) listener(entry);
    return entry;
  }

  /** The entries after the one with the id `after`, oldest first, as far as they are kept. */
  since(after: number): readonly LogEntry[] {
    return this.#entries.slice(-maxEntries).filter(({ id }) => id > after);
  }

  /** Calls `listener` with each new entry. Returns what ends it. */
  subscribe(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
