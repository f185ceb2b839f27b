/** Where figures come from: without it a number of a benchmark says nothing. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, type } from 'node:os';

export interface Provenance {
  readonly command: string;
  /** With `+` behind it when files were changed since. */
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
  readonly date: string;
}

export function provenanceOf(command: string): Provenance {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return {
    command,
    commit: commit(),
    machine: `${availableParallelism()} x ${model}, ${type()} ${release()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** As one line below a table or a plot. */
export function provenanceInWords({ command, commit: at, machine, node, date }: Provenance): string {
  return `${command}; commit ${at}; ${machine}; Node ${node.slice(1)}; ${date}`;
}

function commit(): string {
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
