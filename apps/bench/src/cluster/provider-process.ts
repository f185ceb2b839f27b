import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import type { ProviderAnswer, ProviderOrder, ProviderReport, Target } from './protocol.ts';

const script = new URL('provider.ts', import.meta.url);

/** A provider that the harness can slow down, kill and start again at the same address. */
export class ProviderProcess implements AsyncDisposable {
  #child: ChildProcess;
  #port = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<ProviderProcess> {
    const provider = new ProviderProcess(forkProvider(0));
    await provider.#listening();
    return provider;
  }

  target(weight?: number): Target {
    return { origin: `http://127.0.0.1:${this.#port}`, ...(weight !== undefined && { weight }) };
  }

  get port(): number {
    return this.#port;
  }

  async tell(order: ProviderOrder): Promise<void> {
    await this.#ask(order);
  }

  async report(): Promise<ProviderReport> {
    const answer = await this.#ask({ kind: 'report' });
    if (answer.kind !== 'report') throw new Error(`A provider that was asked to report said "${answer.kind}"`);
    return answer.report;
  }

  /** As a crash: no goodbye, and connections end where they are. */
  async kill(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** After `kill`, at the same address, and told nothing yet. */
  async restart(): Promise<void> {
    this.#child = forkProvider(this.#port);
    await this.#listening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
  }

  async #listening(): Promise<void> {
    const answer = await nextAnswer(this.#child);
    if (answer.kind !== 'listening') throw new Error(`A provider that was started said "${answer.kind}"`);
    this.#port = answer.port;
  }

  /** One order at a time: answers come in turn. */
  async #ask(order: ProviderOrder): Promise<ProviderAnswer> {
    const answer = nextAnswer(this.#child);
    this.#child.send(order);
    return answer;
  }
}

function forkProvider(port: number): ChildProcess {
  return fork(script, [String(port)], { serialization: 'advanced' });
}

async function nextAnswer(child: ChildProcess): Promise<ProviderAnswer> {
  const ended = new AbortController();
  const exited = once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
    throw new Error(`A provider ended with ${code ?? signal}`);
  });
  try {
    const [answer]: ProviderAnswer[] = await Promise.race([once(child, 'message', { signal: ended.signal }), exited]);
    if (answer === undefined) throw new Error('A provider said nothing');
    return answer;
  } finally {
    ended.abort();
    await exited.catch(() => {});
  }
}
