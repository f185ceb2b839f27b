/** The requests under way, from arrival to their one end: a table of columns, whose rows are used again. */
import type { Peer } from '@lb/core';

import { grown } from './grown.ts';

export class Requests {
  client: Int32Array = new Int32Array(1024);
  /** The connection of a closed loop that it came over; -1 in an open one. */
  connection: Int32Array = new Int32Array(1024);
  arrivedAt: Float64Array = new Float64Array(1024);
  luck: Float64Array = new Float64Array(1024);
  /** Attempts begun. */
  attempts: Uint8Array = new Uint8Array(1024);
  /** Attempts begun and not yet over, as far as the client knows. */
  open: Uint8Array = new Uint8Array(1024);
  hedged: Uint8Array = new Uint8Array(1024);
  /** How the last attempt ended that failed. */
  lastFailure: Uint8Array = new Uint8Array(1024);
  /** Goes up when the row is used again, so that events for the request before are void. */
  version: Int32Array = new Int32Array(1024);
  tried: (Set<Peer> | undefined)[] = [];

  readonly #free: number[] = [];
  #used = 0;

  get live(): number {
    return this.#used - this.#free.length;
  }

  add(client: number, connection: number, luck: number, now: number): number {
    const request = this.#free.pop() ?? this.#addRow();
    this.client[request] = client;
    this.connection[request] = connection;
    this.arrivedAt[request] = now;
    this.luck[request] = luck;
    this.attempts[request] = 0;
    this.open[request] = 0;
    this.hedged[request] = 0;
    this.lastFailure[request] = 0;
    return request;
  }

  remove(request: number): void {
    this.version[request]! += 1;
    this.tried[request] = undefined;
    this.#free.push(request);
  }

  /** Rows in use, for whoever asks once at the end. O(n). */
  *[Symbol.iterator](): Generator<number> {
    const free = new Set(this.#free);
    for (let request = 0; request < this.#used; request += 1) if (!free.has(request)) yield request;
  }

  #addRow(): number {
    if (this.#used === this.client.length) this.#grow();
    this.tried.push(undefined);
    this.#used += 1;
    return this.#used - 1;
  }

  #grow(): void {
    const size = this.client.length * 2;
    this.client = grown(this.client, new Int32Array(size));
    this.connection = grown(this.connection, new Int32Array(size));
    this.arrivedAt = grown(this.arrivedAt, new Float64Array(size));
    this.luck = grown(this.luck, new Float64Array(size));
    this.attempts = grown(this.attempts, new Uint8Array(size));
    this.open = grown(this.open, new Uint8Array(size));
    this.hedged = grown(this.hedged, new Uint8Array(size));
    this.lastFailure = grown(this.lastFailure, new Uint8Array(size));
    this.version = grown(this.version, new Int32Array(size));
  }
}
