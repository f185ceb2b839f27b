/**
 * Server-sent events: the state once a second and when something has happened, and each entry of the event log.
 *
 * A log entry has its id, so a browser that reconnects says which one it saw last and gets those after it. States have none: the newest
 * replaces all before. A reader that takes them in more slowly than they come skips some, instead of having them pile up here.
 */
import type { ServerResponse } from 'node:http';

import type { EventLog } from './event-log.ts';
import type { ConsumerState, LogEntry } from './wire.ts';

/** More browsers than would look at one consumer; each costs a socket, and a copy of each state on its way. */
const maxReaders = 64;

/** After a log entry the state follows this soon, and not again before this has passed. */
const soonMs = 250;

export class EventStream {
  readonly #log: EventLog;
  readonly #read: () => ConsumerState;
  readonly #readers = new Set<ServerResponse>();
  readonly #unsubscribe: () => void;
  #soon: NodeJS.Timeout | undefined;

  constructor(log: EventLog, read: () => ConsumerState) {
    this.#log = log;
    this.#read = read;
    this.#unsubscribe = log.subscribe((entry) => {
      const message = logMessage(entry);
      for (const reader of this.#readers) reader.write(message);
      if (this.#readers.size > 0) this.#soon ??= setTimeout(() => this.sendState(), soonMs);
    });
  }

  get full(): boolean {
    return this.#readers.size >= maxReaders;
  }

  /** Sends everything to `reader` from now on, whose head has been written, first what it has missed since the entry `lastId`. */
  add(reader: ServerResponse, lastId: number): void {
    reader.write('retry: 1000\n\n');
    for (const entry of this.#log.since(lastId)) reader.write(logMessage(entry));
    reader.write(stateMessage(this.#read()));
    this.#readers.add(reader);
    reader.once('close', () => this.#readers.delete(reader));
  }

  /** Made and written out once, however many read it. */
  sendState(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    const ready = [...this.#readers].filter((reader) => !reader.writableNeedDrain);
    if (ready.length === 0) return;
    const message = stateMessage(this.#read());
    for (const reader of ready) reader.write(message);
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#soon);
    for (const reader of this.#readers) reader.end();
  }
}

function stateMessage(state: ConsumerState): string {
  return `event: state\ndata: ${JSON.stringify(state)}\n\n`;
}

function logMessage(entry: LogEntry): string {
  return `event: log\nid: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`;
}
