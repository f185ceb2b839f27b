/** An operator at etcd's HTTP door. */
import { setTimeout as after } from 'node:timers/promises';

import { askEtcd, endOf, fromBase64 as text, toBase64 as base64 } from './gateway.ts';

const tryEveryMs = 50;

interface HttpKeyValue {
  readonly key: string;
  readonly value?: string;
  readonly lease?: string;
}

export class Operator {
  readonly #hosts: readonly string[];

  /** `hosts` are asked in this order, until one answers. */
  constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
  }

  async put(key: string, value: string): Promise<void> {
    await this.#ask('kv/put', { key: base64(key), value: base64(value) });
  }

  async delete(key: string): Promise<void> {
    await this.#ask('kv/deleterange', { key: base64(key) });
  }

  /** Every key under `prefix` with its value, and the revision that this is true at. */
  async read(prefix: string): Promise<{ readonly values: ReadonlyMap<string, string>; readonly revision: number }> {
    const { header, kvs = [] } = await this.#range(prefix);
    const values = new Map(kvs.map(({ key, value = '' }) => [text(key), text(value)]));
    return { values, revision: Number(header.revision) };
  }

  /** Ends the leases of all keys under `prefix`. */
  async revoke(prefix: string): Promise<void> {
    const { kvs = [] } = await this.#range(prefix);
    for (const { lease } of kvs) if (lease !== undefined) await this.#ask('lease/revoke', { ID: lease });
  }

  /** Throws away all history up to now. */
  async compact(): Promise<void> {
    const { revision } = await this.read('x');
    await this.compactTo(revision);
  }

  /** Throws away all history before a revision. */
  async compactTo(revision: number): Promise<void> {
    await this.#ask('kv/compaction', { revision: String(revision), physical: true });
  }

  /** Waits until etcd answers. */
  async answered(limitMs: number): Promise<void> {
    for (const deadline = performance.now() + limitMs; ;) {
      try {
        await this.#range('x');
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await after(tryEveryMs);
      }
    }
  }

  async #range(prefix: string): Promise<{ header: { revision: string }; kvs?: readonly HttpKeyValue[] }> {
    return Object(await this.#ask('kv/range', { key: base64(prefix), range_end: base64(endOf(prefix)) }));
  }

  async #ask(path: string, body: object): Promise<unknown> {
    let failure: unknown;
    for (const host of this.#hosts) {
      try {
        return await askEtcd(host, path, body);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
