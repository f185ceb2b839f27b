import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';

/** A process of this package that takes orders and answers, over Node's channel between parent and child. */
export class Child<Order extends object, Answer> implements AsyncDisposable {
  readonly #name: string;
  readonly #process: ChildProcess;
  // Buffers what comes between two calls of `next`.
  readonly #answers: AsyncIterator<Answer[]>;

  constructor(script: URL, ...args: string[]) {
    this.#name = script.pathname;
    // Structured clones rather than JSON, which has no Infinity.
    this.#process = fork(script, args, { serialization: 'advanced' });
    this.#answers = on(this.#process, 'message', { close: ['exit'] });
  }

  /** @throws {Error} When it ends without having answered. */
  async next(): Promise<Answer> {
    const answer = await this.#answers.next();
    const [said]: (Answer | undefined)[] = answer.done === true ? [] : answer.value;
    if (said !== undefined) return said;
    const { exitCode, signalCode } = this.#process;
    throw new Error(`${this.#name} ended with ${exitCode ?? signalCode}`);
  }

  send(order: Order): void {
    this.#process.send(order);
  }

  /** One at a time: answers come in turn. */
  ask(order: Order): Promise<Answer> {
    this.send(order);
    return this.next();
  }

  /** Ends it as a crash would: no goodbye, and connections end where they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
