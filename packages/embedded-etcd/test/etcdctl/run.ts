import { spawn } from 'node:child_process';

/** One use of etcdctl. */
export interface Command {
  readonly args: readonly string[];
  /** What it reads. */
  readonly input?: string;
  /** It does not end by itself: it is stopped after so many lines, and what it wrote until it had stopped is left out. */
  readonly stopAfter?: number;
  /** Keeps what the first group of the expression finds in its output, for later commands: they write it `{name}`. */
  readonly keep?: readonly [name: string, found: RegExp];
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const timeoutMs = 15_000;

export async function etcdctl(
  endpoint: string,
  args: readonly string[],
  { input, stopAfter }: Omit<Command, 'args'> = {},
): Promise<Outcome> {
  const child = spawn('etcdctl', ['--endpoints', endpoint, ...args], {
    env: { ...process.env, ETCDCTL_API: '3' },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1');
    if (stopAfter !== undefined && stdout.split('\n').length > stopAfter) child.kill('SIGINT');
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
  child.stdin.end(input);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  return { code, stdout: stdout.split('\n').slice(0, stopAfter).join('\n'), stderr };
}

/**
 * The lines of an output, without what must differ between two servers: addresses, ids, sizes, hashes, raft indexes and times. Tables
 * lose their padding, since it follows from the ids.
 */
export function linesOf(output: string, endpoint: string): string[] {
  return output
    .replaceAll(endpoint, '<endpoint>')
    .replaceAll(/http:\/\/(localhost|127\.0\.0\.1):\d+/g, '<peer>')
    .replaceAll(/client-[0-9a-f-]{36}/g, 'client-<id>')
    .replaceAll(/\b\d{15,20}\b/g, '<id>')
    .replaceAll(/\b(?=[0-9a-f]*[0-9])[0-9a-f]{13,16}\b/g, '<id>')
    .replaceAll(/\b\d+(\.\d+)? [kM]?B\b/g, '<size>')
    .replaceAll(/took = \S+/g, 'took = <time>')
    .replaceAll(/"took":"[^"]*"/g, '"took":"<time>"')
    .replaceAll(/(true|false)(,| \|) +2\2 +\d+\2 +\d+/g, '$1$2 2$2 <index>$2 <index>')
    .replaceAll(/^((?:http:\/\/)?<endpoint>), \d+$/gm, '$1, <hash>')
    .replaceAll(/remaining\(\d+s\)/g, 'remaining(<seconds>)')
    .replaceAll(/("ttl"|"TTL" :) ?:?\d+/g, '$1<seconds>')
    .replaceAll(
      /("(?:raft_?[iI]ndex|raftAppliedIndex|dbSize|dbSizeInUse|hash|Hash|RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse)" ?:) ?\d+/g,
      '$1<number>',
    )
    .replaceAll(/"(?:ts|caller)":"[^"]*"/g, '"<log>"')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/ +/g, ' ')
    .split('\n');
}
