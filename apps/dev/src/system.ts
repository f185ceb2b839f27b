/**
 * The processes of the picture: started in the order in which they need each other, stopped in the order in which nothing is lost.
 */
import { Child, type ChildOptions } from './child.ts';
import { consumerPort, etcdPort, pnpm, type ProviderPlan, providerEnv, providers, usualPorts } from './cluster.ts';
import { freePort, untilListening, untilReady } from './ports.ts';
import { type Say, speaker } from './output.ts';

/** All of them have to be gone 5 s after Ctrl-C. The last second is for what has to be killed. */
const stopLimitMs = 4000;

/** One provider, and what it takes to start it again where it was. */
interface Place {
  readonly plan: ProviderPlan;
  readonly index: number;
  readonly port: number;
  child: Child;
}

export interface SystemOptions {
  /** What the processes say. Defaults to lines on the terminal, each with the name of who said it. */
  readonly speak?: (name: string, index: number) => Say;
  /** Called when one of them ends without having been asked to. */
  readonly onGone?: (name: string) => void;
  /** Environment of the consumer, besides what it needs to find the others. */
  readonly consumerEnv?: Readonly<Record<string, string>>;
}

export class System {
  readonly #say: Say;
  readonly #speak: (name: string, index: number) => Say;
  readonly #onGone: (name: string) => void;
  readonly #consumerEnv: Readonly<Record<string, string>>;
  /** Ports that somebody here has, or is about to have. */
  readonly #ports = [...usualPorts];
  readonly #providers = new Map<string, Place>();
  #hosts = '';
  #etcd: { readonly port: number; child: Child } | undefined;
  #consumer: Child | undefined;
  #stopped: Promise<void> | undefined;

  constructor(say: Say, { speak = speaker, onGone = () => {}, consumerEnv = {} }: SystemOptions = {}) {
    this.#say = say;
    this.#speak = speak;
    this.#onGone = onGone;
    this.#consumerEnv = consumerEnv;
  }

  /** Starts everything, and returns where the consumer listens. Without `etcdHosts` there is an etcd of our own. */
  async start(etcdHosts: string | undefined): Promise<string> {
    this.#hosts = etcdHosts ?? (await this.#startEtcd());
    for (const [index, plan] of providers.entries()) {
      const port = await this.#port(plan.port, plan.name);
      this.#providers.set(plan.name, { plan, index, port, child: this.#spawnProvider(plan, index, port, {}) });
    }
    return this.#startConsumer(this.#hosts);
  }

  /** Resolves when every provider is ready. */
  async whenReady(): Promise<void> {
    const places = [...this.#providers.values()];
    await Promise.all(
      places.map(({ port, child }) => untilReady(port, () => child.running && this.#stopped === undefined)),
    );
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Kills a provider, which has no time to say anything to anybody. */
  killProvider(name: string): Promise<void> {
    return this.#place(name).child.kill();
  }

  /**
   * Starts a provider again where it was, with these settings; one that runs is asked to end before, as a deploy does. Resolves when it
   * is ready: whoever redeploys several waits for each, or has none in between.
   */
  async redeployProvider(name: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const place = this.#place(name);
    await place.child.stop(stopLimitMs);
    if (this.#stopped !== undefined) return;
    const child = this.#spawnProvider(place.plan, place.index, place.port, env);
    place.child = child;
    await untilReady(place.port, () => child.running && this.#stopped === undefined);
  }

  /** Kills the etcd that {@link start} has started, and with it all that it holds. */
  async killEtcd(): Promise<void> {
    await this.#etcd?.child.kill();
  }

  /** Starts it again where it was, empty. */
  restartEtcd(): void {
    if (this.#etcd !== undefined && this.#stopped === undefined) this.#etcd.child = this.#spawnEtcd(this.#etcd.port);
  }

  async #startEtcd(): Promise<string> {
    const port = await this.#port(etcdPort, 'etcd');
    const child = this.#spawnEtcd(port);
    this.#etcd = { port, child };
    // Nobody needs to wait for it, but a first try that fails would be the first thing to read.
    await untilListening(port, () => child.running);
    return `http://127.0.0.1:${port}`;
  }

  #spawnEtcd(port: number): Child {
    return this.#spawn({
      name: 'etcd',
      module: '@lb/embedded-etcd/cli',
      args: ['--port', String(port)],
      say: this.#speak('etcd', 3),
      onGone: (gone, how) =>
        this.#say(
          `${describe(gone, how)}. Requests go on with the providers last known. Start it again with: ${pnpm} etcd --port ${port}`,
        ),
    });
  }

  #spawnProvider(plan: ProviderPlan, index: number, port: number, env: Readonly<Record<string, string>>): Child {
    const again = `ETCD_HOSTS=${this.#hosts} ${pnpm} provider ${plan.name}`;
    return this.#spawn({
      name: plan.name,
      module: '@lb/provider/main',
      env: { ...providerEnv(plan, this.#hosts, port), ...env },
      say: this.#speak(plan.name, index),
      onGone: (gone, how) =>
        this.#say(
          `${describe(gone, how)}. Its share goes to the others, and its key with its lease, within 15 s. Start it again with: ${again}`,
        ),
    });
  }

  async #startConsumer(etcdHosts: string): Promise<string> {
    const port = await this.#port(consumerPort, 'consumer');
    this.#consumer = this.#spawn({
      name: 'consumer',
      module: '@lb/consumer/main',
      // Nobody stands in front of it who would have to notice.
      env: { ETCD_HOSTS: etcdHosts, PORT: String(port), LINGER_MS: '0', ...this.#consumerEnv },
      say: this.#speak('consumer', 4),
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
        if (this.#stopped !== undefined) return;
        options.onGone(child, how);
        this.#onGone(child.name);
      },
    });
  }

  #place(name: string): Place {
    const place = this.#providers.get(name);
    if (place === undefined) throw new Error(`No provider is called ${name}`);
    return place;
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
    const called = Array.from(this.#providers.values(), ({ child }) => child);
    for (const together of [[this.#consumer], called, [this.#etcd?.child]]) {
      const left = Math.max(500, stopLimitMs - (performance.now() - since));
      await Promise.all(together.filter((child) => child !== undefined).map((child) => child.stop(left)));
    }
  }
}

function describe({ name, pid }: Child, how: string): string {
  return `${name} (pid ${pid ?? 'unknown'}) ${how}`;
}
