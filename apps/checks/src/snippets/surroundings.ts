import { once } from 'node:events';
import { createServer } from 'node:http';

import { startEtcd } from '@lb/embedded-etcd';
import { register } from '@lb/registry';

/** What examples take for granted: an etcd at the usual port, and a service that calls itself `hash`. */
export class Surroundings implements AsyncDisposable {
  readonly #etcdHosts: string | undefined;
  readonly #close: () => Promise<void>;

  private constructor(etcdHosts: string | undefined, close: () => Promise<void>) {
    this.#etcdHosts = etcdHosts;
    this.#close = close;
  }

  static async start(needs: readonly string[]): Promise<Surroundings> {
    if (!needs.includes('etcd')) return new Surroundings(undefined, async () => {});
    const etcd = await startEtcd();
    const stop = needs.includes('hash') ? await startHash(etcd.hosts) : async (): Promise<void> => {};
    return new Surroundings(etcd.hosts, async () => {
      await stop();
      await etcd.close();
    });
  }

  /** What commands go by that are told of etcd in no other way. */
  get env(): NodeJS.ProcessEnv {
    return this.#etcdHosts === undefined ? process.env : { ...process.env, ETCD_HOSTS: this.#etcdHosts };
  }

  /** The code with addresses that are right here, and with time limits that a busy machine meets. */
  place(code: string): string {
    const patient = code.replaceAll('createBalancer({', `createBalancer({ ${patience},`);
    if (this.#etcdHosts === undefined) return patient;
    return patient
      .replaceAll('http://127.0.0.1:2379', this.#etcdHosts)
      .replaceAll(/imeoutMs: [\d_]+/g, 'imeoutMs: 60_000')
      .replaceAll(/port: 80\d\d/g, 'port: 0');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

/** The defaults are for machines that have time: 300 ms to connect, 500 ms until another peer is tried. */
const patience = 'connectTimeoutMs: 60_000, attemptTimeoutMs: 60_000, startTimeoutMs: 60_000';

async function startHash(hosts: string): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ path: request.url }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const registration = await register({
    hosts,
    service: 'hash',
    endpoint: { origin: `http://127.0.0.1:${port}` },
  });
  return async () => {
    await registration.close();
    server.closeAllConnections();
    server.close();
  };
}
