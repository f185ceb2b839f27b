/**
 * HAProxy and nginx in front of the providers, as a competent operator would set them up: one thread, kept-alive connections on both
 * sides, connections that fail sent elsewhere, health checks where they exist without paying. What else they can be told is a subject
 * of its own.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

import { freePort } from '@lb/testkit';

import type { Target } from './sender.ts';

export type Proxy =
  | {
      readonly kind: 'haproxy';
      readonly balance: string;
      readonly retries: boolean;
      readonly slots?: readonly number[];
    }
  | { readonly kind: 'nginx'; readonly balance: string; readonly retries: boolean };

/** What this machine has of a program; `undefined` if it has it not. */
export function versionOf(kind: Proxy['kind']): string | undefined {
  try {
    const [line = ''] = execFileSync(kind, ['-v'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n');
    return line === '' ? kind : line;
  } catch {
    return undefined;
  }
}

/** A proxy that runs. */
export class ProxyProcess implements AsyncDisposable {
  readonly target: Target;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.target = { origin: `http://127.0.0.1:${port}` };
    this.#child = child;
    this.#folder = folder;
  }

  static async start(proxy: Proxy, targets: readonly Target[]): Promise<ProxyProcess> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'));
    const file = join(folder, 'proxy.conf');
    writeFileSync(file, proxy.kind === 'haproxy' ? haproxy(proxy, port, targets) : nginx(proxy, port, targets, folder));
    const command = proxy.kind === 'haproxy' ? ['-db', '-q', '-f', file] : ['-e', 'stderr', '-p', folder, '-c', file];
    const child = spawn(proxy.kind, command, { stdio: ['ignore', 'ignore', 'inherit'] });
    const started = new ProxyProcess(port, child, folder);
    await started.#listening(port);
    return started;
  }

  /** Processor time that it has used so far, with that of its workers, in milliseconds; NaN where there is no /proc. */
  cpuMs(): number {
    const { pid } = this.#child;
    if (pid === undefined) return NaN;
    const workers = readIfThere(`/proc/${pid}/task/${pid}/children`)?.split(' ').filter(Boolean) ?? [];
    // A process that nginx had for a moment as it started may be gone by now.
    const ofWorkers = workers.reduce((sum, worker) => sum + (ticksOf(worker) ?? 0), 0);
    return ((ticksOf(String(pid)) ?? NaN) + ofWorkers) * msPerTick;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listening(port: number): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      if (this.#child.exitCode !== null) break;
      if (await accepts(port)) return;
      await after(20);
    }
    await this[Symbol.asyncDispose]();
    throw new Error('The proxy does not listen; what it said is above');
  }
}

/** What Linux counts processor time in: USER_HZ, 100 a second on every architecture that Node runs on. */
const msPerTick = 10;

/** Time in user mode and in the kernel: the 14th and 15th field of /proc/PID/stat, counted from behind the name in brackets. */
function ticksOf(pid: string): number | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function haproxy(
  { balance, retries, slots }: Proxy & { readonly kind: 'haproxy' },
  port: number,
  targets: readonly Target[],
): string {
  const servers = targets.map(({ origin, weight }, index) => {
    const cap = slots === undefined ? '' : ` maxconn ${slots[index]}`;
    // Weights from 1 to 256; those of the race are 1, 2 and 3.
    return `  server s${index} ${new URL(origin).host} check${weight === undefined ? '' : ` weight ${weight}`}${cap}`;
  });
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 300ms
  timeout client 30s
  timeout server 15s
  timeout queue 15s
  http-reuse always
  option redispatch 1
  retries 2
${retries ? '  retry-on all-retryable-errors\n' : ''}frontend in
  bind 127.0.0.1:${port}
  default_backend providers
backend providers
  balance ${balance}
${servers.join('\n')}
`;
}

function nginx(
  { balance, retries }: Proxy & { readonly kind: 'nginx' },
  port: number,
  targets: readonly Target[],
  folder: string,
): string {
  const servers = targets.map(({ origin, weight }) => {
    return `    server ${new URL(origin).host}${weight === undefined ? '' : ` weight=${weight}`};`;
  });
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${folder}/${name};`,
  );
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log /dev/null;
events { worker_connections 4096; }
http {
  access_log off;
${folders.join('\n')}
  upstream providers {
    ${balance === 'round_robin' ? '' : `${balance};`}
${servers.join('\n')}
    keepalive 256;
  }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location / {
      proxy_pass http://providers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 300ms;
      proxy_next_upstream error timeout${retries ? ' http_502 http_503 http_504' : ''};
      proxy_next_upstream_tries 3;
    }
  }
}
`;
}
