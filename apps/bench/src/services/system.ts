import { startEtcd } from '@lb/embedded-etcd';

import { AppProcess } from './app-process.ts';

/** Whether others use this machine must not decide whether requests are refused. What is about refusing says otherwise. */
const calm = { MAX_EVENT_LOOP_DELAY_MS: '0' };

/** An etcd, and the services that are started in it. */
export class System implements AsyncDisposable {
  readonly etcdHosts: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(etcdHosts: string, stack: AsyncDisposableStack) {
    this.etcdHosts = etcdHosts;
    this.#stack = stack;
  }

  static async start(): Promise<System> {
    const stack = new AsyncDisposableStack();
    const etcd = stack.use(await startEtcd());
    return new System(etcd.hosts, stack);
  }

  async provider(name: string, env: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const own = { ...calm, ETCD_HOSTS: this.etcdHosts, LB_NAME: name, LB_TTL_SECONDS: '5', WORK_MS: '20', ...env };
    return this.#stack.use(await AppProcess.start({ name, module: '@lb/provider/main', env: own }));
  }

  providers(count: number, env: Readonly<Record<string, string>> = {}): Promise<AppProcess[]> {
    return Promise.all(Array.from({ length: count }, (_one, index) => this.provider(`provider-${index + 1}`, env)));
  }

  async consumer(name: string, env: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const own = { ...calm, ETCD_HOSTS: this.etcdHosts, LB_TTL_SECONDS: '5', ...env };
    return this.#stack.use(await AppProcess.start({ name, module: '@lb/consumer/main', env: own }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
