import { connect } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Child } from './child.ts';

const main = fileURLToPath(import.meta.resolve('@lb/consumer/main'));
const startLimitMs = 20_000;
const lookEveryMs = 50;

export interface ConsumerOptions {
  readonly hosts: string;
  readonly service: string;
  readonly port: number;
}

/** What came back for bytes that were sent. */
export interface RawAnswer {
  readonly text: string;
  /** From the beginning to when the other side closed; NaN when it had not, by the end of the wait. */
  readonly closedMs: number;
}

/** A process of `apps/consumer`, and ways to send it what no HTTP client would. */
export class Consumer implements AsyncDisposable {
  readonly port: number;
  readonly #child: Child<never, never>;

  private constructor(port: number, child: Child<never, never>) {
    this.port = port;
    this.#child = child;
  }

  /** Resolves once it has found a provider. */
  static async start({ hosts, service, port }: ConsumerOptions): Promise<Consumer> {
    const env = { ETCD_HOSTS: hosts, LB_SERVICE: service, PORT: String(port), LOG_LEVEL: 'warn' };
    const consumer = new Consumer(port, new Child({ file: main, env }));
    const deadline = performance.now() + startLimitMs;
    while (!(await consumer.#isReady())) {
      if (performance.now() > deadline) {
        await consumer.#child.kill();
        throw new Error(`The consumer was not ready: ${consumer.#child.said.join('\n')}`);
      }
      await after(lookEveryMs);
    }
    return consumer;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get running(): boolean {
    return this.#child.running;
  }

  /** Sends bytes as they are, then `drip` every `everyMs`, and waits until the other side closes, `waitMs` at most. */
  send(bytes: string, waitMs: number, drip?: { readonly bytes: string; readonly everyMs: number }): Promise<RawAnswer> {
    return new Promise((resolve) => {
      const begunAt = performance.now();
      const socket = connect(this.port, '127.0.0.1');
      let text = '';
      const end = (closedMs: number): void => {
        clearTimeout(overdue);
        clearInterval(dripping);
        socket.destroy();
        resolve({ text, closedMs });
      };
      const overdue = setTimeout(() => end(NaN), waitMs);
      const dripping = setInterval(
        () => drip !== undefined && socket.write(drip.bytes, 'latin1'),
        drip?.everyMs ?? waitMs,
      );
      // A reset is an end, too, and is followed by a close.
      socket.on('error', () => {});
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.on('close', () => end(performance.now() - begunAt));
      socket.write(bytes, 'latin1');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
  }

  async #isReady(): Promise<boolean> {
    if (!this.running) throw new Error(`The consumer ended: ${this.#child.said.join('\n')}`);
    try {
      const { ok, body } = await fetch(`${this.origin}/readyz`);
      await body?.cancel();
      return ok;
    } catch {
      return false;
    }
  }
}

/** The status of an answer; 0 when there was none. */
export function statusOf({ text }: RawAnswer): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}
