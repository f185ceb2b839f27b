import { Child } from '../child.ts';
import type { Target } from '../sender.ts';
import type { ProviderAnswer, ProviderOrder, ProviderReport } from './protocol.ts';

const script = new URL('provider.ts', import.meta.url);

/** A provider that the harness can slow down, kill and start again at the same address. */
export class ProviderProcess implements AsyncDisposable {
  #child: Child<ProviderOrder, ProviderAnswer>;
  readonly #port: number;

  private constructor(child: Child<ProviderOrder, ProviderAnswer>, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(): Promise<ProviderProcess> {
    const child = new Child<ProviderOrder, ProviderAnswer>(script);
    return new ProviderProcess(child, await portOf(child));
  }

  target(weight?: number): Target {
    return { origin: `http://127.0.0.1:${this.#port}`, ...(weight !== undefined && { weight }) };
  }

  async tell(order: ProviderOrder): Promise<void> {
    await this.#child.ask(order);
  }

  async report(): Promise<ProviderReport> {
    const answer = await this.#child.ask({ kind: 'report' });
    if (answer.kind !== 'report') throw new Error(`A provider that was asked to report said "${answer.kind}"`);
    return answer.report;
  }

  async kill(): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  /** After `kill`, at the same address, and told nothing yet. */
  async restart(): Promise<void> {
    this.#child = new Child(script, String(this.#port));
    await portOf(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function portOf(child: Child<ProviderOrder, ProviderAnswer>): Promise<number> {
  const answer = await child.next();
  if (answer.kind !== 'listening') throw new Error(`A provider that was started said "${answer.kind}"`);
  return answer.port;
}
