/** Where a row plays: starts what it needs, and stops everything, whatever happened. */
import { startEtcd } from '@lb/embedded-etcd';
import { startRealEtcd } from '@lb/testkit';
import { setTimeout as after } from 'node:timers/promises';

import { missing } from './needs.ts';
import { Client, type ClientOptions } from './processes/client.ts';
import type { Load } from './processes/orders.ts';
import { Provider, type ProviderOptions } from './processes/provider.ts';

const service = 'hash';
/** What the promises are given at: short enough that a row which waits for leases is over soon. */
export const ttlSeconds = 5;
const timeoutMs = 2000;
const load: Load = { perSecond: 300, methods: 'get' };
/** Of work, for each request: with 300 requests a second about six are under way. */
const workMs = 20;
/** A run begins with so much time in which nothing fails. */
const calmMs = 1500;
const startLimitMs = 20_000;

export interface Registry extends AsyncDisposable {
  /** As the etcd3 client takes it. */
  readonly hosts: string;
}

export interface SystemOptions {
  readonly providers?: number;
  /** What the providers have that differs. */
  readonly provider?: Partial<Omit<ProviderOptions, 'name'>>;
  readonly client?: Partial<ClientOptions>;
  readonly registry?: Registry;
}

/** A registry, providers that are registered in it, and a client that has found them. */
export interface System {
  readonly registry: Registry;
  readonly providers: readonly Provider[];
  /** The first of them, which most faults happen to. */
  readonly victim: Provider;
  readonly client: Client;
}

export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  /** Has it closed when the row is over, the last one first. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    return this.#stack.use(resource);
  }

  /** Has this done when the row is over. */
  defer(task: () => unknown): void {
    this.#stack.defer(async () => void (await task()));
  }

  /** A real etcd where there is one, else the embedded one. */
  async registry(): Promise<Registry> {
    if (missing('etcd') === undefined) return this.use(await startRealEtcd());
    return this.use(await startEtcd({ port: 0 }));
  }

  async provider(
    options: Partial<ProviderOptions> & { readonly name: string; readonly hosts: string },
  ): Promise<Provider> {
    return this.use(await Provider.start({ service, ttlSeconds, workMs, ...options }));
  }

  async client(options: Partial<ClientOptions> & { readonly hosts: readonly string[] }): Promise<Client> {
    return this.use(await Client.start({ service, ttlSeconds, timeoutMs, ...options }));
  }

  async system(options: SystemOptions = {}): Promise<System> {
    const registry = options.registry ?? (await this.registry());
    const count = options.providers ?? 4;
    const [client, ...providers] = await Promise.all([
      this.client({ hosts: [registry.hosts], ...options.client }),
      ...Array.from({ length: count }, (_, index) =>
        this.provider({ name: `p${index + 1}`, hosts: registry.hosts, ...options.provider }),
      ),
    ]);
    await client.until(`${count} providers`, ({ ids }) => ids.length === count, startLimitMs);
    const [victim] = providers;
    if (victim === undefined) throw new RangeError('A system has at least one provider');
    return { registry, providers, victim, client };
  }

  /** Begins to send, and waits until connections are there and every provider has its share. */
  async calm(client: Client, sent: Load = load): Promise<void> {
    await client.begin(sent);
    await after(calmMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
