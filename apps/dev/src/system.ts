/**
 * The processes of the picture: started in the order in which they need each other, stopped in the order in which nothing is lost.
 */
import { Child, type ChildOptions } from './child.ts';
import { consumerPort, etcdPort, pnpm, type ProviderPlan, providerEnv, providers, usualPorts } from './cluster.ts';
import { freePort, untilListening } from './ports.ts';
import { type Say, speaker } from './output.ts';

/** All of them have to be gone 5 s after Ctrl-C. The last second is for what has to be killed. */
const stopLimitMs = 4000;

export class System {
  readonly #say: Say;
  /** Ports that somebody here has, or is about to have. */
  readonly #ports = [...usualPorts];
  #etcd: Child | undefined;
  readonly #providers: Child[] = [];
  #consumer: Child | undefined;
  #stopped: Promise<void> | undefined;

  constructor(say: Say) {
    this.#say = say;
  }

  /** Starts everything, and returns where the consumer listens. Without `etcdHosts` there is an etcd of our own. */
  async start(etcdHosts: string | undefined): Promise<string> {
    const hosts = etcdHosts ?? (await this.#startEtcd());
    for (const [index, plan] of providers.entries()) await this.#startProvider(plan, index, hosts);
    return this.#startConsumer(hosts);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #startEtcd(): Promise<string> {
    const port = await this.#port(etcdPort, 'etcd');
    const etcd = this.#spawn({
      name: 'etcd',
      module: '@lb/embedded-etcd/cli',
      args: ['--port', String(port)],
      say: speaker('etcd', 3),
      onGone: (child, how) =>
        this.#say(
          `${describe(child, how)}. Requests go on with the providers last known. Start it again with: ${pnpm} etcd --port ${port}`,
        ),
    });
    this.#etcd = etcd;
    // Nobody needs to wait for it, but a first try that fails would be the first thing to read.
    await untilListening(port, () => etcd.running);
    return `http://127.0.0.1:${port}`;
  }

  async #startProvider(plan: ProviderPlan, index: number, etcdHosts: string): Promise<void> {
    const port = await this.#port(plan.port, plan.name);
    const again = `ETCD_HOSTS=${etcdHosts} ${pnpm} provider ${plan.name}`;
    const child = this.#spawn({
      name: plan.name,
      module: '@lb/provider/main',
      env: providerEnv(plan, etcdHosts, port),
      say: speaker(plan.name, index),
      onGone: (gone, how) =>
        this.#say(
          `${describe(gone, how)}. Its share goes to the others, and its key with its lease, within 15 s. Start it again with: ${again}`,
        ),
    });
    this.#providers.push(child);
  }

  async #startConsumer(etcdHosts: string): Promise<string> {
    const port = await this.#port(consumerPort, 'consumer');
    this.#consumer = this.#spawn({
      name: 'consumer',
      module: '@lb/consumer/main',
      // Nobody stands in front of it who would have to notice.
      env: { ETCD_HOSTS: etcdHosts, PORT: String(port), LINGER_MS: '0' },
      say: speaker('consumer', 4),
      onGone: (child, how) =>
        this.#say(
          `${describe(child, how)}. Start it again with: ETCD_HOSTS=${etcdHosts} PORT=${port} ${pnpm} --filter @lb/consumer start`,
        ),
    });
    return `http://127.0.0.1:${port}`;
  }

  #spawn(options: ChildOptions): Child {
    return new Child({
      ...options,
      onGone: (child, how) => {
        if (this.#stopped === undefined) options.onGone(child, how);
      },
    });
  }

  async #port(wanted: number, name: string): Promise<number> {
    const port = await freePort(wanted, this.#ports);
    this.#ports.push(port);
    if (port !== wanted) this.#say(`port ${wanted} is taken by another process, so ${name} listens on ${port}`);
    return port;
  }

  /** Callers first, then those that they call, then where both find each other. */
  async #stop(): Promise<void> {
    const since = performance.now();
    for (const together of [[this.#consumer], this.#providers, [this.#etcd]]) {
      const left = Math.max(500, stopLimitMs - (performance.now() - since));
      await Promise.all(together.filter((child) => child !== undefined).map((child) => child.stop(left)));
    }
  }
}

function describe({ name, pid }: Child, how: string): string {
  return `${name} (pid ${pid ?? 'unknown'}) ${how}`;
}
