import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const running = new Set<ChildProcess>();
// A frozen process does not notice that its parent is gone, and would be there for ever.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ChildOptions {
  /** File to run. */
  readonly file: string;
  /** Files to load before it. */
  readonly preload?: readonly string[];
  /** For Node. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A network namespace to run in. */
  readonly netns?: string | undefined;
}

/** A Node process that takes orders, one at a time, and answers each. */
export class Child<Order extends object, Answer extends object> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #said: string[] = [];
  /** Each order waits for the answer to the last. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ file, preload = [], flags = [], env, netns }: ChildOptions) {
    const node = [
      process.execPath,
      '--conditions=@lb/source',
      ...flags,
      ...preload.flatMap((module) => ['--import', module]),
      file,
    ];
    const [command = '', ...args] = netns === undefined ? node : ['ip', 'netns', 'exec', netns, ...node];
    this.#process = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    running.add(this.#process);
    this.#process.once('exit', () => running.delete(this.#process));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#said.push(line);
        if (this.#said.length > 500) this.#said.shift();
      });
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The last lines that it printed. */
  get said(): readonly string[] {
    return this.#said;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves once it is gone, with the code or the signal that ended it. */
  async ended(): Promise<number | string> {
    if (this.running) await once(this.#process, 'exit');
    return this.#process.exitCode ?? this.#process.signalCode ?? 'unknown';
  }

  async kill(): Promise<void> {
    if (!this.running) return;
    this.#process.kill('SIGKILL');
    await this.ended();
  }

  ask(order: Order): Promise<Answer> {
    const answer = this.#turn.then(() => {
      const next = this.next();
      this.#process.send(order);
      return next;
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }

  /** What it says next. Rejects when it ends instead. */
  async next(): Promise<Answer> {
    const over = new AbortController();
    const { signal } = over;
    const exited = once(this.#process, 'exit', { signal }).then(([code, by]) => {
      throw new Error(`A process ended with ${code ?? by}: ${this.#said.slice(-5).join('\n')}`);
    });
    try {
      const [answer]: Answer[] = await Promise.race([once(this.#process, 'message', { signal }), exited]);
      if (answer === undefined) throw new Error('A process said nothing');
      return answer;
    } finally {
      over.abort();
      await exited.catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
