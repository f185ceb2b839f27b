import { Child } from '../child.ts';
import { type Proxy, ProxyProcess } from '../proxies.ts';
import type { Target, Way } from '../sender.ts';
import type { LoadFigures, LoadOrder } from './client.ts';

/** Those of each subject; it has as many requests under way. */
export const connections = 64;

export interface Subject {
  readonly name: string;
  readonly way: Way;
  readonly providers: number;
  readonly proxy?: Proxy;
}

/** What came of the turns of one process. */
export interface Share {
  readonly perSecond: number;
  readonly clientUs: number;
  /** With that of a proxy. */
  readonly wholeUs: number;
  readonly failed: number;
}

const none: LoadFigures = { requests: 0, failed: 0, elapsedMs: 0, cpuMs: 0 };

/** The processes of a subject: its client, and its proxy where it is one. */
export class Runner implements AsyncDisposable {
  readonly subject: Subject;
  readonly #client = new Child<LoadOrder, LoadFigures>(new URL('client.ts', import.meta.url));
  readonly #proxy: ProxyProcess | undefined;
  readonly #order: Omit<LoadOrder, 'durationMs'>;
  #figures: LoadFigures = none;
  #proxyMs = 0;

  static async start(subject: Subject, targets: readonly Target[]): Promise<Runner> {
    const { proxy } = subject;
    return new Runner(subject, targets, proxy && (await ProxyProcess.start(proxy, targets)));
  }

  private constructor(subject: Subject, targets: readonly Target[], proxy: ProxyProcess | undefined) {
    this.subject = subject;
    this.#proxy = proxy;
    this.#order = { way: subject.way, targets: proxy === undefined ? targets : [proxy.target], connections };
  }

  async run(durationMs: number): Promise<void> {
    const before = this.#proxy?.cpuMs() ?? 0;
    const { requests, failed, elapsedMs, cpuMs } = await this.#client.ask({ ...this.#order, durationMs });
    this.#proxyMs += (this.#proxy?.cpuMs() ?? 0) - before;
    this.#figures = {
      requests: this.#figures.requests + requests,
      failed: this.#figures.failed + failed,
      elapsedMs: this.#figures.elapsedMs + elapsedMs,
      cpuMs: this.#figures.cpuMs + cpuMs,
    };
  }

  /** What it has done so far does not count. */
  forget(): void {
    this.#figures = none;
    this.#proxyMs = 0;
  }

  get share(): Share {
    const { requests, failed, elapsedMs, cpuMs } = this.#figures;
    return {
      perSecond: (requests * 1000) / elapsedMs,
      clientUs: (cpuMs * 1000) / requests,
      wholeUs: ((cpuMs + this.#proxyMs) * 1000) / requests,
      failed,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.#client[Symbol.asyncDispose]();
  }
}
