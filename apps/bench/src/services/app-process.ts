import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';

export interface AppProcessOptions {
  readonly name: string;
  /** What to run, as this package can import it. */
  readonly module: '@lb/provider/main' | '@lb/consumer/main';
  readonly env: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  /** From the signal to the end, in milliseconds. */
  readonly afterMs: number;
}

/** Of a machine that is busy with other things, too. */
const readyLimitMs = 120_000;

/** One of the services, as the process that it is in production. */
export class AppProcess implements AsyncDisposable {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #said = '';
  #origin = '';

  private constructor(options: AppProcessOptions) {
    this.name = options.name;
    this.#process = spawn(
      process.execPath,
      ['--conditions=@lb/source', fileURLToPath(import.meta.resolve(options.module))],
      {
        env: { ...process.env, PORT: '0', ...options.env },
        // The channel ends it when we are killed.
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    }
    this.#exited = once(this.#process, 'exit');
  }

  /** Resolves once it is ready. */
  static async start(options: AppProcessOptions): Promise<AppProcess> {
    const app = new AppProcess(options);
    for (const since = performance.now(); !(await app.ready()); await after(50)) {
      if (!app.running || performance.now() - since > readyLimitMs) {
        await app[Symbol.asyncDispose]();
        throw new Error(`${options.name} did not become ready: ${app.#said}`);
      }
    }
    return app;
  }

  /** Where it listens, once it is ready. */
  get origin(): string {
    return this.#origin;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async ready(): Promise<boolean> {
    if (this.#origin === '') return false;
    const answer = await request(`${this.origin}/readyz`, { reset: true }).catch(() => undefined);
    await answer?.body.dump();
    return answer?.statusCode === 200;
  }

  /** Memory that it occupies, in bytes. */
  rss(): number {
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<Ended> {
    const since = performance.now();
    this.#process.kill('SIGTERM');
    await this.#exited;
    return { code: this.#process.exitCode, afterMs: performance.now() - since };
  }

  /** Fastify says where it listens when it does. */
  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-4000);
    if (this.#origin === '') this.#origin = /Server listening at (http:[^"]+)/.exec(this.#said)?.[1] ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.running) return;
    this.#process.kill('SIGKILL');
    await this.#exited;
  }
}
