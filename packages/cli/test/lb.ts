/** `lb`, as a process of its own or in this one. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { run } from '../src/run.ts';
import { testWorld } from '../src/testing.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const node = ['--conditions=@lb/source', main];

export interface Finished {
  readonly out: string;
  readonly error: string;
  readonly code: number | null;
}

export type Env = Readonly<Record<string, string>>;

export type Run = (args: readonly string[], env?: Env) => Promise<Finished>;

/** Runs a command line to its end, at the cost of a call. */
export async function inProcess(args: readonly string[], env: Env = {}): Promise<Finished> {
  const world = testWorld({ env, now: () => Date.now() });
  const code = await run(args, world);
  return { out: world.stdout.text, error: world.stderr.text, code };
}

/** The same as whoever types it has it. */
export async function asProcess(args: readonly string[], env: Env = {}): Promise<Finished> {
  const child = start(args, env);
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const [code] = await once(child, 'close');
  return { out, error, code };
}

/** One whose output goes to a disk that is full. */
export function onFullDisk(args: readonly string[]): Omit<Finished, 'out'> {
  const disk = openSync('/dev/full', 'w');
  const { stderr, status } = spawnSync(process.execPath, [...node, ...args], { stdio: ['ignore', disk, 'pipe'] });
  closeSync(disk);
  return { error: stderr.toString(), code: status };
}

/** The exit code of one whose standard error nobody reads. */
export async function unheard(args: readonly string[]): Promise<number | null> {
  const child = start(args, {});
  child.stderr.destroy();
  const [code] = await once(child, 'exit');
  return code;
}

/** One that runs on: its lines as they come, and its end. */
export interface Running extends AsyncDisposable {
  /** The next line that passes; those before it are skipped. */
  line(passes: (line: string) => boolean): Promise<string>;
  /** Stops it as Ctrl-C does, and returns its exit code. */
  stop(): Promise<number | null>;
}

export function follow(args: readonly string[], env: Env = {}): Running {
  const child = start(args, env);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const closed = once(child, 'close');
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT');
    const [code] = await closed;
    return code;
  };
  return {
    line: async (passes) => {
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
        if (passes(next.value)) return next.value;
      }
      throw new Error('It ended before such a line came');
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

function start(args: readonly string[], env: Env) {
  return spawn(process.execPath, [...node, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
}
