#!/usr/bin/env node
/** The process: its streams, its signals, its exit code. */
import { exitCodes } from './exit-codes.ts';
import { run } from './run.ts';

// etcd's client names a server by its IP address, of which Node warns, on the lines where our errors are.
process.noDeprecation = true;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The second time Node's own way of ending applies: a stop that takes too long can be cut short.
  process.once(signal, () => stopping.abort());
}
// Whoever reads our output may stop reading, as `head` does.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(exitCodes.ok);
  // What cannot be written, since the disk is full, has not been said.
  process.stderr.write(`lb: ${error.message}\n`);
  process.exit(exitCodes.failed);
});
// There is nowhere else to tell of what cannot be told here; the exit code still does.
process.stderr.on('error', () => {});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stopping.signal,
  now: () => Date.now(),
});
