import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import type { ClientAnswer, RunFigures, RunOrder } from './protocol.ts';

const script = new URL('client.ts', import.meta.url);

/** The process of one subject, kept for all its runs: its code is warm from the second on, as in a service that is up. */
export class ClientProcess implements AsyncDisposable {
  readonly #child: ChildProcess = fork(script, { serialization: 'advanced', execArgv: [...process.execArgv] });

  /** `onBegun` is called when the first request is about to be sent. */
  async run(order: RunOrder, onBegun: () => void): Promise<RunFigures> {
    const { promise, resolve, reject } = Promise.withResolvers<RunFigures>();
    const onMessage = (answer: ClientAnswer): void => {
      if (answer.kind === 'begun') onBegun();
      else resolve(answer.figures);
    };
    const onExit = (code: number | null, signal: string | null): void =>
      reject(new Error(`The client of ${order.way} ended with ${code ?? signal}`));
    this.#child.on('message', onMessage).once('exit', onExit);
    try {
      this.#child.send(order);
      return await promise;
    } finally {
      this.#child.off('message', onMessage).off('exit', onExit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}
