/**
 * Server-sent events: the state once a second and when something has happened, and each entry of the event log.
 *
 * A log entry has its id, so a browser that reconnects says which one it saw last and gets those after it. States have none: the newest
 * replaces all before. A reader that takes them in more slowly than they come skips some, instead of having them pile up here.
 */
import type { Writable } from 'node:stream';

import type { EventLog } from './event-log.ts';
import type { ConsumerState, LogEntry } from './wire.ts';

/** More browsers than would look at one consumer; each costs a socket, and a copy of each state on its way. */
const maxReaders = 64;

/** Bytes that wait for a reader before it is cut off. A browser comes back, and says which entry it saw last. */
const maxBehind = 4 * 2 ** 20;

/** After a log entry the state follows this soon, and not again before this has passed. */
const soonMs = 250;

/**
 * Part of the time that may go into making states: one of 1000 providers takes about 10 ms to make, and comes every second; one of
 * 10 000 comes every five or so. The requests that this process is there for go first.
 */
const timeShare = 0.02;

export class EventStream {
  readonly #now: () => number;
  readonly #log: EventLog;
  readonly #read: () => ConsumerState;
  readonly #readers = new Set<Writable>();
  readonly #unsubscribe: () => void;
  #soon: NodeJS.Timeout | undefined;
  /** What it takes to make a state, and until when none is made. */
  #costMs = Infinity;
  #restUntil = -Infinity;

  /** `now` is monotonic, in milliseconds. */
  constructor(log: EventLog, read: () => ConsumerState, now: () => number) {
    this.#now = now;
    this.#log = log;
    this.#read = read;
    this.#unsubscribe = log.subscribe((entry) => {
      const message = logMessage(entry);
      for (const reader of this.#readers) {
        if (reader.writableLength > maxBehind) reader.destroy();
        else reader.write(message);
      }
      if (this.#readers.size > 0) this.#soon ??= setTimeout(() => this.sendState(), soonMs);
    });
  }

  get full(): boolean {
    return this.#readers.size >= maxReaders;
  }

  /** Sends everything to `reader` from now on, whose head has been written, first what it has missed since the entry `lastId`. */
  add(reader: Writable, lastId: number): void {
    reader.write('retry: 1000\n\n');
    for (const entry of this.#log.since(lastId)) reader.write(logMessage(entry));
    reader.write(stateMessage(this.#read()));
    this.#readers.add(reader);
    reader.once('close', () => this.#readers.delete(reader));
  }

  /** Made and written out once, however many read it; between states that take long to make, says that we are here. */
  sendState(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    const ready = [...this.#readers].filter((reader) => !reader.writableNeedDrain);
    if (ready.length === 0) return;
    const startedAt = this.#now();
    const message = startedAt < this.#restUntil ? aliveMessage : stateMessage(this.#read());
    for (const reader of ready) reader.write(message);
    if (message === aliveMessage) return;
    // One pause of the whole process must not silence us for long.
    this.#costMs = Math.min(this.#now() - startedAt, 2 * this.#costMs);
    this.#restUntil = startedAt + this.#costMs / timeShare;
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#soon);
    for (const reader of this.#readers) reader.end();
  }
}

const aliveMessage = 'event: alive\ndata:\n\n';

function stateMessage(state: ConsumerState): string {
  return `event: state\ndata: ${JSON.stringify(state)}\n\n`;
}

function logMessage(entry: LogEntry): string {
  return `event: log\nid: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`;
}
