import { fileURLToPath } from 'node:url';

import { Child } from './child.ts';
import type { ProviderAnswer, ProviderOrder, ProviderReport } from './orders.ts';

const main = fileURLToPath(import.meta.resolve('@lb/provider/main'));
const misbehave = new URL('misbehave.ts', import.meta.url).href;

export interface ProviderOptions {
  /** What its restarts have in common. */
  readonly name: string;
  readonly hosts: string;
  readonly service: string;
  readonly ttlSeconds: number;
  /** How long it works on each request. */
  readonly workMs: number;
  readonly weight?: number;
  /** Address to listen on. Defaults to 127.0.0.1. */
  readonly host?: string;
  /** Settings of `apps/provider` that differ from those here. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of `apps/provider` that does what can go wrong with it. */
export class Provider implements AsyncDisposable {
  readonly name: string;
  readonly #options: ProviderOptions;
  #child: Child<ProviderOrder, ProviderAnswer>;
  #port = 0;

  private constructor(options: ProviderOptions) {
    this.name = options.name;
    this.#options = options;
    this.#child = spawnProvider(options, 0);
  }

  static async start(options: ProviderOptions): Promise<Provider> {
    const provider = new Provider(options);
    await provider.#listening();
    return provider;
  }

  get host(): string {
    return this.#options.host ?? '127.0.0.1';
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.running;
  }

  get said(): readonly string[] {
    return this.#child.said;
  }

  async tell(order: ProviderOrder): Promise<void> {
    await this.#child.ask(order);
  }

  async report(): Promise<ProviderReport> {
    const answer = await this.#child.ask({ kind: 'report' });
    if (answer.kind !== 'report') throw new Error(`A provider that was asked to report said "${answer.kind}"`);
    return answer.report;
  }

  /** As a crash: no goodbye. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  /** The kernel goes on accepting connections, and nothing is answered. */
  freeze(): void {
    this.#child.signal('SIGSTOP');
  }

  thaw(): void {
    this.#child.signal('SIGCONT');
  }

  /** Asks it to end (SIGTERM), and resolves once it has, with its exit code. */
  async stop(): Promise<number | string> {
    this.#child.signal('SIGTERM');
    return this.#child.ended();
  }

  /** A new run at the same address, which takes the place of one that has ended. */
  async restart(): Promise<void> {
    this.#child = spawnProvider(this.#options, this.#port);
    await this.#listening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #listening(): Promise<void> {
    const answer = await this.#child.next();
    if (answer.kind !== 'listening') throw new Error(`A provider that was started said "${answer.kind}"`);
    this.#port = answer.port;
  }
}

/** How many of these ids are runs of this provider. */
export function runsOf({ name }: Provider, ids: readonly string[]): number {
  return ids.filter((id) => id.startsWith(`${name}-`)).length;
}

function spawnProvider(options: ProviderOptions, port: number): Child<ProviderOrder, ProviderAnswer> {
  const { name, hosts, service, ttlSeconds, workMs, weight, host, env } = options;
  return new Child({
    file: main,
    preload: [misbehave],
    env: {
      ETCD_HOSTS: hosts,
      LB_SERVICE: service,
      LB_NAME: name,
      LB_TTL_SECONDS: String(ttlSeconds),
      ...(weight !== undefined && { LB_WEIGHT: String(weight) }),
      ...(host !== undefined && { HOST: host }),
      PORT: String(port),
      WORK_MS: String(workMs),
      LOG_LEVEL: 'warn',
      ...env,
    },
  });
}
