/** Writers that change endpoints as fast as they are asked to: put, delete, put two in one transaction, put under a lease that ends. */
import type { Random } from '@lb/core';
import { setTimeout as after } from 'node:timers/promises';

import { endpointValue } from '../etcd-keys.ts';
import { askEtcd, toBase64 } from '../gateway.ts';

export interface WritersOptions {
  readonly host: string;
  readonly prefix: string;
  readonly random: Random;
  /** Together. */
  readonly writesPerSecond: number;
}

const writers = 3;
const singles = 30;
const pairs = 15;
const leaseSeconds = 2;

export class Writers {
  readonly #options: WritersOptions;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #written = 0;
  #weight = 0;
  #lease: string | undefined;

  constructor(options: WritersOptions) {
    this.#options = options;
  }

  /** Writes that etcd has said it took. */
  get written(): number {
    return this.#written;
  }

  start(): void {
    this.#running = Promise.all([...Array.from({ length: writers }, () => this.#write()), this.#grant()]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #write(): Promise<void> {
    const gapMs = (1000 * writers) / this.#options.writesPerSecond;
    let due = performance.now();
    while (!this.#stopping.signal.aborted) {
      due = Math.max(due + gapMs, performance.now() - 200);
      await after(Math.max(0, due - performance.now()));
      // What was not answered may have been done or not; the audit knows.
      await this.#one().then(
        () => (this.#written += 1),
        () => after(50),
      );
    }
  }

  async #one(): Promise<void> {
    const { host, random } = this.#options;
    const kind = random();
    const number = Math.floor(random() * singles);
    if (kind < 0.5) await askEtcd(host, 'kv/put', this.#put(`s${number}`, number, this.#next()));
    else if (kind < 0.7) await askEtcd(host, 'kv/deleterange', { key: this.#key(`s${number}`) });
    else if (kind < 0.8 && this.#lease !== undefined) {
      await askEtcd(host, 'kv/put', { ...this.#put(`l${number}`, 100 + number, this.#next()), lease: this.#lease });
    } else {
      const pair = Math.floor(random() * pairs);
      const weight = this.#next();
      const success = [
        { requestPut: this.#put(`p${pair}a`, 200 + 2 * pair, weight) },
        { requestPut: this.#put(`p${pair}b`, 201 + 2 * pair, weight + 0.5) },
      ];
      await askEtcd(host, 'kv/txn', { success });
    }
  }

  /** A lease that nobody renews, and after it the next. */
  async #grant(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await askEtcd(this.#options.host, 'lease/grant', { TTL: String(leaseSeconds) }).then(
        (answer) => (this.#lease = String(Reflect.get(Object(answer), 'ID'))),
        () => (this.#lease = undefined),
      );
      await after(leaseSeconds * 1000, undefined, { signal }).catch(() => {});
    }
  }

  /** No two writes have the same weight: a value says which write it comes from. */
  #next(): number {
    return (this.#weight += 1);
  }

  #put(id: string, address: number, weight: number): { readonly key: string; readonly value: string } {
    const value = endpointValue(id, `10.7.${address >> 8}.${address & 255}:80`, { weight });
    return { key: this.#key(id), value: toBase64(value) };
  }

  #key(id: string): string {
    return toBase64(this.#options.prefix + id);
  }
}
