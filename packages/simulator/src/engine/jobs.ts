/**
 * The attempts that are under way, from the client's pick to its hearing how it ended: a table of columns, whose rows are used again.
 *
 * A job may outlive its request: a client that gives up does not stop the server's work.
 */
import type { Attempt } from '@lb/core';

import { grown } from './grown.ts';

/** How a job ended; indexes {@link ../outcomes.ts}. */
export const ended = { success: 0, overload: 1, status: 2, connect: 3, reset: 4, timeout: 5 } as const;
export type Ended = (typeof ended)[keyof typeof ended];

const endings: readonly Ended[] = Object.values(ended);

export class Jobs {
  /** The request that waits for it; -1 when none does any more. */
  request: Int32Array = new Int32Array(1024);
  /** Index of the server; -1 while it waits in the central queue. */
  server: Int32Array = new Int32Array(1024);
  /** Where it stands among what the server works on. */
  position: Int32Array = new Int32Array(1024);
  /** Goes up when a scheduled event about the job becomes void. */
  version: Int32Array = new Int32Array(1024);
  /** Work left as of `since`, in milliseconds at speed 1. */
  left: Float64Array = new Float64Array(1024);
  since: Float64Array = new Float64Array(1024);
  arrivedAt: Float64Array = new Float64Array(1024);
  /** In-flight requests at the server when this one arrived. */
  metInFlight: Int32Array = new Int32Array(1024);
  /** The request's luck: its work is this quantile of the server's distribution. */
  luck: Float64Array = new Float64Array(1024);
  outcome: Uint8Array = new Uint8Array(1024);
  attempt: (Attempt | undefined)[] = [];

  readonly #free: number[] = [];
  #used = 0;

  /** Jobs under way. */
  get live(): number {
    return this.#used - this.#free.length;
  }

  add(request: number, server: number, luck: number): number {
    const job = this.#free.pop() ?? this.#addRow();
    this.request[job] = request;
    this.server[job] = server;
    this.luck[job] = luck;
    this.outcome[job] = ended.success;
    this.attempt[job] = undefined;
    return job;
  }

  endOf(job: number): Ended {
    return endings[this.outcome[job]!]!;
  }

  remove(job: number): void {
    this.version[job]! += 1;
    this.attempt[job] = undefined;
    this.#free.push(job);
  }

  #addRow(): number {
    if (this.#used === this.request.length) this.#grow();
    this.attempt.push(undefined);
    this.#used += 1;
    return this.#used - 1;
  }

  #grow(): void {
    const size = this.request.length * 2;
    this.request = grown(this.request, new Int32Array(size));
    this.server = grown(this.server, new Int32Array(size));
    this.position = grown(this.position, new Int32Array(size));
    this.version = grown(this.version, new Int32Array(size));
    this.left = grown(this.left, new Float64Array(size));
    this.since = grown(this.since, new Float64Array(size));
    this.arrivedAt = grown(this.arrivedAt, new Float64Array(size));
    this.metInFlight = grown(this.metInFlight, new Int32Array(size));
    this.luck = grown(this.luck, new Float64Array(size));
    this.outcome = grown(this.outcome, new Uint8Array(size));
  }
}
