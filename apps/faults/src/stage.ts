/** Where a row plays: starts what it needs, and stops everything, whatever happened. */
import { startEtcd } from '@lb/embedded-etcd';
import { type FaultProxy, freePort, RealEtcd, startFaultProxy, startRealEtcd } from '@lb/testkit';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';

import type { History } from './history.ts';
import { missing } from './needs.ts';
import { now } from './now.ts';
import { Consumer } from './processes/consumer.ts';
import { Client, type ClientOptions } from './processes/client.ts';
import type { Load } from './processes/orders.ts';
import { Provider, type ProviderOptions } from './processes/provider.ts';

const service = 'hash';
/** What the promises are given at: short enough that a row which waits for leases is over soon. */
export const ttlSeconds = 5;
const timeoutMs = 2000;
const usualLoad: Load = { perSecond: 300, methods: 'get' };
/** Of work, for each request: with 300 requests a second about six are under way. */
const workMs = 20;
/** Every other request is a POST that nobody says may be repeated. */
export const mixedLoad: Load = { perSecond: 300, methods: 'mixed' };
/** A run begins with so much time in which nothing fails. */
const calmMs = 1500;
const delayResolutionMs = 5;
const startLimitMs = 20_000;

export interface Registry extends AsyncDisposable {
  readonly port: number;
  /** As the etcd3 client takes it. */
  readonly hosts: string;
}

/** Whether it is a process that can be killed and started again. */
export function hasRestart(registry: Registry): registry is RealEtcd {
  return registry instanceof RealEtcd;
}

export interface SystemOptions {
  readonly providers?: number;
  /** What the providers have that differs. */
  readonly provider?: Partial<Omit<ProviderOptions, 'name'>>;
  readonly client?: Partial<ClientOptions>;
  readonly registry?: Registry;
}

/** TCP proxies between two processes each. */
export interface Links {
  readonly clientToVictim: FaultProxy;
  readonly clientToRegistry: FaultProxy;
  readonly victimToRegistry: FaultProxy;
}

/** A registry, providers that are registered in it, and a client that has found them. */
export interface System {
  readonly registry: Registry;
  readonly providers: readonly Provider[];
  /** The first of them, which most faults happen to. */
  readonly victim: Provider;
  readonly client: Client;
}

export interface FaultPlan {
  readonly client: Client;
  readonly load?: Load;
  readonly fault: () => unknown;
  /** From the beginning of the fault to its end. */
  readonly forMs: number;
  readonly heal?: () => unknown;
  /** From the end of the fault to the end of the load. */
  readonly thenMs?: number;
}

export interface Faulted {
  readonly history: History;
  /** When the fault began. */
  readonly at: number;
  readonly healedAt: number;
}

export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #delay = monitorEventLoopDelay({ resolution: delayResolutionMs });

  constructor() {
    this.#delay.enable();
    this.defer(() => this.#delay.disable());
  }

  /** The longest that this process, which has little to do, had to wait for the processor while it mattered, in milliseconds. */
  get lateMs(): number {
    return Math.max(0, this.#delay.max / 1e6 - delayResolutionMs);
  }

  /** Has it closed when the row is over, the last one first. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    return this.#stack.use(resource);
  }

  /** Has this done when the row is over. */
  defer(task: () => unknown): void {
    this.#stack.defer(async () => void (await task()));
  }

  /** A real etcd where there is one, else the embedded one. `everywhere`: it listens on all addresses of this machine. */
  async registry({ everywhere = false } = {}): Promise<Registry> {
    if (missing('etcd') === undefined) {
      const port = await freePort();
      const args = everywhere ? ['--listen-client-urls', `http://0.0.0.0:${port}`] : [];
      return this.use(await startRealEtcd({ port, args }));
    }
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
    return this.#start(registry, options);
  }

  /** A system whose client and victim reach each other and the registry over links that can fail. */
  async linkedSystem(options: SystemOptions = {}): Promise<System & { readonly links: Links }> {
    const registry = options.registry ?? (await this.registry());
    const port = await freePort();
    const [clientToVictim, clientToRegistry, victimToRegistry] = await Promise.all(
      [port, registry.port, registry.port].map(async (targetPort) => this.use(await startFaultProxy({ targetPort }))),
    );
    if (clientToVictim === undefined || clientToRegistry === undefined || victimToRegistry === undefined) {
      throw new RangeError('There are three links');
    }
    const victim = {
      hosts: victimToRegistry.hosts,
      env: { PORT: String(port), LB_ADVERTISE: clientToVictim.hosts },
    };
    const system = await this.#start(
      registry,
      { ...options, client: { ...options.client, hosts: [clientToRegistry.hosts] } },
      victim,
    );
    return { ...system, links: { clientToVictim, clientToRegistry, victimToRegistry } };
  }

  /** Providers, and a process of `apps/consumer` that has found them, which is called by HTTP. */
  async consumerSystem({ providers: count = 2 } = {}): Promise<{
    readonly consumer: Consumer;
    readonly providers: readonly Provider[];
  }> {
    const registry = await this.registry();
    const { hosts } = registry;
    const providers = await Promise.all(
      Array.from({ length: count }, (_, index) => this.provider({ name: `p${index + 1}`, hosts })),
    );
    return { consumer: this.use(await Consumer.start({ hosts, service, port: await freePort() })), providers };
  }

  async #start(registry: Registry, options: SystemOptions, ofVictim: Partial<ProviderOptions> = {}): Promise<System> {
    const count = options.providers ?? 4;
    const [client, ...providers] = await Promise.all([
      this.client({ hosts: [registry.hosts], ...options.client }),
      ...Array.from({ length: count }, (_, index) =>
        this.provider({
          name: `p${index + 1}`,
          hosts: registry.hosts,
          ...options.provider,
          ...(index === 0 && ofVictim),
        }),
      ),
    ]);
    await client.until(`${count} providers`, ({ ids }) => ids.length === count, startLimitMs);
    const [victim] = providers;
    if (victim === undefined) throw new RangeError('A system has at least one provider');
    return { registry, providers, victim, client };
  }

  /** Sends before, during and after a fault, and returns what the client saw, with the moments of its beginning and its end. */
  async under({ client, load: sent = usualLoad, fault, forMs, heal, thenMs = 0 }: FaultPlan): Promise<Faulted> {
    await client.begin(sent);
    await after(calmMs);
    // What starting processes took is over.
    this.#delay.reset();
    const at = now();
    await fault();
    await after(Math.max(0, at + forMs - now()));
    const healedAt = now();
    await heal?.();
    await after(Math.max(0, healedAt + thenMs - now()));
    return { history: await client.end(), at, healedAt };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
