import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { messageOf, type Say } from './output.ts';

export interface ChildOptions {
  readonly name: string;
  /** Module to run, as this package can import it. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly say: Say;
  /** Called when it ends without having been asked to. */
  readonly onGone: (child: Child, how: string) => void;
}

/** One process of the picture. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #asked = false;

  constructor({ name, module, args = [], env, say, onGone }: ChildOptions) {
    this.name = name;
    const file = fileURLToPath(import.meta.resolve(module));
    this.#process = spawn(process.execPath, ['--conditions=@lb/source', file, ...args], {
      env: { ...process.env, ...env },
      // The channel tells it when we are gone, even if we are killed. Its own process group keeps a terminal's Ctrl-C from it: we pass
      // that on, in an order in which nothing is lost.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => say(messageOf(line)));
    }
    this.#exited = once(this.#process, 'exit');
    this.#process.on('exit', (code, signal) => {
      if (!this.#asked) onGone(this, signal === null ? `ended with code ${code}` : `was killed by ${signal}`);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Ends it without a word, as a crash or a host that is lost would. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#asked = true;
    if (!this.running) return;
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** Asks it to end, and after `limitMs` no longer asks. */
  async stop(limitMs: number): Promise<void> {
    this.#asked = true;
    if (!this.running) return;
    const overdue = setTimeout(() => this.#process.kill('SIGKILL'), limitMs);
    this.#process.kill('SIGTERM');
    await this.#exited;
    clearTimeout(overdue);
  }
}
