/** Follows etcd itself, with no proxy between and by code of its own, and writes down every change of the keys in question. */
import { setTimeout as after } from 'node:timers/promises';

import { endOf, fromBase64, toBase64 } from '../gateway.ts';
import type { World } from './history.ts';

interface WatchMessage {
  readonly result?: {
    readonly header?: { readonly revision?: string };
    readonly canceled?: boolean;
    readonly events?: readonly {
      readonly type?: string;
      readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: string };
    }[];
  };
}

const retryMs = 50;

export class Audit implements AsyncDisposable {
  readonly worlds: World[] = [{ changes: [] }];
  readonly #host: string;
  readonly #prefix: string;
  readonly #since: number;
  #following = new AbortController();
  #done: Promise<void>;
  #failure: Error | undefined;

  /** `since`: where the run's clock begins. */
  constructor(host: string, prefix: string, since: number) {
    this.#since = since;
    this.#host = host;
    this.#prefix = prefix;
    this.#done = this.#follow();
  }

  /** Of the last change that it has seen. */
  get revision(): number {
    return this.#world.changes.at(-1)?.revision ?? 0;
  }

  /** Throws if it has missed anything: what it says cannot be trusted then. */
  assertWhole(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** etcd is about to lose everything: stops, and goes on in a new world once `wipe` is done. */
  async betweenWorlds(wipe: () => Promise<void>): Promise<void> {
    await this[Symbol.asyncDispose]();
    await wipe();
    this.#world.endedAt = performance.now() - this.#since;
    this.worlds.push({ changes: [] });
    this.#following = new AbortController();
    this.#done = this.#follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following.abort();
    await this.#done;
  }

  get #world(): World {
    const world = this.worlds.at(-1);
    if (world === undefined) throw new Error('There is always a world');
    return world;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#following;
    while (!signal.aborted && this.#failure === undefined) {
      // etcd is killed and frozen in between; what happened meanwhile is asked for again.
      await this.#watch(signal).catch(() => {});
      if (!signal.aborted) await after(retryMs);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const request = {
      key: toBase64(this.#prefix),
      range_end: toBase64(endOf(this.#prefix)),
      start_revision: String(this.revision + 1),
    };
    const response = await fetch(`${this.#host}/v3/watch`, {
      method: 'POST',
      body: JSON.stringify({ create_request: request }),
      signal,
    });
    if (response.body === null) return;
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') this.#take(JSON.parse(line));
    }
  }

  #take({ result }: WatchMessage): void {
    if (result?.canceled === true) this.#failure = new Error('The audit has missed changes: etcd no longer has them');
    for (const { type, kv } of result?.events ?? []) {
      const revision = Number(kv.mod_revision);
      const id = fromBase64(kv.key).slice(this.#prefix.length);
      const write = [id, type === 'DELETE' ? undefined : weightIn(fromBase64(kv.value ?? ''))] as const;
      const last = this.#world.changes.at(-1);
      if (last?.revision === revision)
        this.#world.changes[this.#world.changes.length - 1] = { revision, writes: [...last.writes, write] };
      else this.#world.changes.push({ revision, writes: [write] });
    }
  }
}

function weightIn(value: string): number {
  const { lb }: { lb: { weight: number } } = JSON.parse(value);
  return lb.weight;
}
