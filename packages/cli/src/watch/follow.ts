/** Follows one service, or all, and says what happens. */
import type { Snapshot } from '@lb/core';
import { channels, discover, type EtcdDiscovery, inspect } from '@lb/registry';
import { setTimeout as after } from 'node:timers/promises';

import type { RegistryOptions } from '../settings.ts';

export interface FollowOptions {
  readonly etcd: RegistryOptions;
  /** All when `undefined`. */
  readonly service: string | undefined;
  readonly signal: AbortSignal;
  readonly onSnapshot: (service: string, snapshot: Snapshot) => void;
  /** What is known of it may be out of date from now on. */
  readonly onLost: (service: string, why: string) => void;
  readonly onRecovered: (service: string) => void;
}

/** How often the names of services are looked up when all of them are followed. */
const namesEveryMs = 2000;

export class Follow {
  readonly #options: FollowOptions;
  readonly #discoveries = new Map<string, EtcdDiscovery>();
  readonly #lost = new Set<string>();
  readonly #unsubscribe: (() => unknown)[];

  constructor(options: FollowOptions) {
    this.#options = options;
    const { onLost, onRecovered } = options;
    const lost = channels.lost.subscribe(({ service, subject, reason }) => {
      if (!this.#discoveries.has(service) || subject !== 'endpoints' || this.#lost.has(service)) return;
      this.#lost.add(service);
      onLost(service, reason);
    });
    const recovered = channels.recovered.subscribe(({ service, subject }) => {
      if (subject === 'endpoints' && this.#lost.delete(service)) onRecovered(service);
    });
    this.#unsubscribe = [lost, recovered];
  }

  /** Begins. Rejects with `EtcdError` when etcd cannot be read now; later it keeps trying. */
  async start(): Promise<void> {
    const names = await this.#names();
    for (const name of names) this.add(name);
    if (this.#options.service === undefined) void this.#lookForMore();
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await Promise.all(Array.from(this.#discoveries.values(), (discovery) => discovery.close()));
  }

  async #names(): Promise<readonly string[]> {
    const { etcd, service, signal } = this.#options;
    const { services } = await inspect({ ...etcd, service, leases: false, signal });
    // Nothing can be read of what is no service: anybody may have put a key there that names none. `lb ls` tells of it.
    const followed = services.filter(
      ({ endpoints, overrides }) => service !== undefined || endpoints.length > 0 || overrides.size > 0,
    );
    return followed.map(({ name }) => name);
  }

  async #lookForMore(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      // The discoveries tell that etcd is away, and why.
      const names = await after(namesEveryMs, undefined, { signal, ref: false })
        .then(() => this.#names())
        .catch(() => []);
      for (const name of names) if (!signal.aborted) this.add(name);
    }
  }

  /** Follows `service`, too, and tries to for as long as etcd is away. */
  add(service: string): void {
    if (this.#discoveries.has(service)) return;
    const discovery = discover({ ...this.#options.etcd, service });
    this.#discoveries.set(service, discovery);
    void this.#read(discovery);
  }

  async #read(discovery: EtcdDiscovery): Promise<void> {
    for await (const snapshot of discovery) this.#options.onSnapshot(discovery.service, snapshot);
  }
}
