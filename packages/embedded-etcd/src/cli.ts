#!/usr/bin/env node
import { help, parseCommandLine, UsageError } from './command-line.ts';
import { startEtcd } from './embedded-etcd.ts';
import { InvalidOptionError, ListenError, PortTakenError } from './errors.ts';

/** Errors that the person who started this can mend: the message is all they need. */
const ownErrors = [UsageError, InvalidOptionError, ListenError, PortTakenError];

try {
  await main();
} catch (error) {
  const own = ownErrors.some((kind) => error instanceof kind);
  process.stderr.write(
    `embedded-etcd: ${error instanceof Error ? (own ? error.message : error.stack) : String(error)}\n`,
  );
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(help);
    return;
  }
  const etcd = await startEtcd(options);
  process.stdout.write(`etcd in memory on ${etcd.hosts}: for development only, never for production\n`);
  // Each of these may come more than once, and together: a terminal's Ctrl-C reaches parent and child. close() may be repeated.
  const stop = (): void => {
    // A channel to a parent, once listened to, keeps a process alive that has nothing left to do.
    void etcd.close().finally(() => process.exit());
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.connected) process.on('disconnect', stop);
}
