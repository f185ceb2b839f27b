import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface RealEtcdOptions {
  /** Where its data is. Defaults to a temporary directory that is deleted with it. */
  readonly dataDir?: string;
  /** Port for clients. Defaults to a free one. */
  readonly port?: number;
  /** More arguments for `etcd`. Those that name certificates make it serve TLS: see `scheme`. */
  readonly args?: readonly string[];
  /** Defaults to `http`. */
  readonly scheme?: 'http' | 'https';
}

/** How long an etcd may take to answer after it was started. */
const startTimeoutMs = 20_000;

const running = new Set<ChildProcess>();
const ownDirectories = new Set<string>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of ownDirectories) rmSync(directory, { recursive: true, force: true });
});

/**
 * Whether there is an `etcd` to start. Throws where `CI` is set and there is none: tests that skip themselves there would be
 * taken for tests that passed.
 */
export function hasEtcd(): boolean {
  const found = spawnSync('etcd', ['--version']).status === 0;
  if (!found && process.env['CI'] !== undefined) throw new Error('CI must have an etcd on its PATH');
  return found;
}

/** Starts an etcd process, and waits until it answers. */
export async function startRealEtcd(options: RealEtcdOptions = {}): Promise<RealEtcd> {
  const { port = await freePort(), args = [], scheme = 'http' } = options;
  const etcd = new RealEtcd(options.dataDir ?? ownDirectory(), scheme, port, await freePort(), await freePort(), args);
  await etcd.restart();
  return etcd;
}

/** An etcd process with one member. */
export class RealEtcd implements AsyncDisposable {
  readonly dataDir: string;
  readonly port: number;
  /** As `etcdctl --endpoints` takes it. */
  readonly address: string;
  /** As the etcd3 client takes it. */
  readonly hosts: string;
  readonly #healthUrl: string;
  readonly #metricsUrl: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  /** The last words of the process, for when it does not start. */
  #log = '';

  /** Use {@link startRealEtcd}. */
  constructor(
    dataDir: string,
    scheme: string,
    port: number,
    peerPort: number,
    healthPort: number,
    args: readonly string[],
  ) {
    this.dataDir = dataDir;
    this.port = port;
    this.address = `127.0.0.1:${port}`;
    this.hosts = `${scheme}://${this.address}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    // Health has a port of its own, which speaks plain HTTP also when clients need certificates.
    const health = `http://127.0.0.1:${healthPort}`;
    this.#healthUrl = `${health}/health`;
    this.#metricsUrl = `${health}/metrics`;
    this.#args = [
      '--data-dir',
      dataDir,
      '--listen-client-urls',
      this.hosts,
      '--advertise-client-urls',
      this.hosts,
      '--listen-peer-urls',
      peer,
      '--initial-advertise-peer-urls',
      peer,
      '--initial-cluster',
      `default=${peer}`,
      '--listen-metrics-urls',
      health,
      '--unsafe-no-fsync',
      ...args,
    ];
  }

  /** Stops it in good order (SIGTERM). The data stays. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Kills it (SIGKILL). The data stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** One of its counters or gauges, such as `process_cpu_seconds_total`. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(this.#metricsUrl)).text();
    const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw new Error(`etcd has no metric ${name}`);
    return Number(value);
  }

  /**
   * Freezes it (SIGSTOP), and resolves once it is: the kernel goes on accepting connections, and nothing is answered.
   */
  async pause(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGSTOP');
    // The signal stops all threads only once one of them has taken it; on a busy machine the others go on till then.
    while (!hasEnded(child) && !isStopped(child)) await sleep(1);
  }

  /** Lets it go on (SIGCONT). */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Starts it on its data and its port, after killing it if it runs, and waits until it answers. */
  async restart(): Promise<void> {
    await this.kill();
    this.#log = '';
    const child = spawn('etcd', this.#args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.once('error', (error) => (this.#log += error.message));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-4000);
    });
    await this.#untilHealthy(child);
  }

  /** Kills it, deletes its data, and starts it again. */
  async wipe(): Promise<void> {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
    await this.restart();
  }

  /** Kills it, and deletes its data. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
    ownDirectories.delete(this.dataDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || hasEnded(child)) return;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    // A frozen process takes no SIGTERM.
    child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }

  async #untilHealthy(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + startTimeoutMs;
    while (performance.now() < deadline && !hasEnded(child)) {
      if (await this.#isHealthy()) return;
      await sleep(50);
    }
    throw new Error(`etcd did not start on ${this.hosts}: ${this.#log}`);
  }

  async #isHealthy(): Promise<boolean> {
    try {
      const response = await fetch(this.#healthUrl, { signal: AbortSignal.timeout(1000) });
      return response.ok;
    } catch {
      return false;
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** Whether each of its threads is stopped, where the kernel tells (Linux). */
function isStopped({ pid }: ChildProcess): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return true;
  try {
    return readdirSync(threads).every((thread) => {
      // The state comes after the name, which is in parentheses and may hold any character.
      const stat = readFileSync(join(threads, thread, 'stat'), 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
    });
  } catch {
    // A thread has ended in the meantime.
    return false;
  }
}

function ownDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lb-etcd-'));
  ownDirectories.add(directory);
  return directory;
}
