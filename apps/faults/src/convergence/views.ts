import { discover, type EtcdDiscovery } from '@lb/registry';
import { type FaultProxy, startFaultProxy } from '@lb/testkit';

import type { Published, ViewHistory } from './history.ts';

/** A discovery behind a proxy of its own, and all that it ever published. */
export class RecordedView implements AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly history: ViewHistory;
  readonly #discovery: EtcdDiscovery;
  readonly #reading: Promise<void>;

  private constructor(name: string, proxy: FaultProxy, service: string, since: number) {
    this.proxy = proxy;
    this.history = { name, published: [] };
    this.#discovery = discover({ hosts: proxy.hosts, service, overrides: false });
    this.#reading = this.#read(since);
  }

  static async start(name: string, targetPort: number, service: string, since: number): Promise<RecordedView> {
    return new RecordedView(name, await startFaultProxy({ targetPort }), service, since);
  }

  get last(): Published | undefined {
    return this.history.published.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#discovery.close();
    await this.#reading;
    await this.proxy.close();
  }

  async #read(since: number): Promise<void> {
    for await (const { revision, endpoints } of this.#discovery) {
      this.history.published.push({
        at: performance.now() - since,
        revision,
        endpoints: new Map(endpoints.map(({ id, weight }) => [id, weight ?? NaN])),
      });
    }
  }
}
