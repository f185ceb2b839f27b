/** Runs of the model, shared out over processes. */
import { execFile, type ExecFileException } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { type ModelResult } from './run.ts';

const shard = fileURLToPath(new URL('shard.ts', import.meta.url));

/** A process that hangs is a failure. */
const runTimeoutMs = 10_000;
const startTimeoutMs = 60_000;

export interface ShardOptions {
  readonly runs: number;
  readonly seed: number;
  /** Runs on a real etcd, in real time. */
  readonly real?: boolean;
  /** Name of a bug to plant first. */
  readonly plant?: string;
}

/** What a shard has to say: its figures, or how it failed. */
type ShardEnd = { readonly result: ModelResult } | { readonly failure: string };

export function runShard({ runs, seed, real = false, plant }: ShardOptions): Promise<ShardEnd> {
  const planter = plant === undefined ? [] : ['--import', new URL('../planted-bugs/plant.ts', import.meta.url).href];
  const env = {
    ...process.env,
    FC_RUNS: String(runs),
    FC_SEED: String(seed),
    MODEL_ON: real ? 'real' : 'embedded',
    // That a planted bug is caught is all that counts.
    ...(plant !== undefined && { PLANT: plant, FC_SHRINK: 'off' }),
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@lb/source', ...planter, shard],
      { env, timeout: startTimeoutMs + runs * runTimeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        resolve(error === null ? { result: parse(stdout) } : { failure: why(error, stdout + stderr) }),
    );
  });
}

/** Runs the model `runs` times in all, each process with a seed of its own. Rejects with every failure. */
export async function runShards({ runs, seed, real }: ShardOptions): Promise<ModelResult> {
  const shards = Math.min(availableParallelism(), runs);
  const ends = await Promise.all(
    Array.from({ length: shards }, (_, index) =>
      runShard({ runs: Math.ceil(runs / shards), seed: seed + index, ...(real !== undefined && { real }) }),
    ),
  );
  const failures = ends.flatMap((end) => ('failure' in end ? [end.failure] : []));
  if (failures.length > 0) throw new Error(failures.join('\n\n'));
  const results = ends.flatMap((end) => ('result' in end ? [end.result] : []));
  return {
    runs: sum(results.map((result) => result.runs)),
    commands: sum(results.map((result) => result.commands)),
    slowestMs: Math.max(...results.map((result) => result.slowestMs)),
  };
}

function parse(stdout: string): ModelResult {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

function why(error: ExecFileException, output: string): string {
  return output.trim() === '' ? `the process ended by ${error.signal ?? error.message}` : output;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
