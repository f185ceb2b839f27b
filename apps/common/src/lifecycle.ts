import type { FastifyBaseLogger } from 'fastify';

/** Reads the settings, or ends the process with what is wrong with them. */
export function settingsOrExit<T>(read: (env: NodeJS.ProcessEnv) => T): T {
  try {
    return read(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(2);
  }
}

/** Ends this process, as SIGTERM would, when the parent that started it with a channel is gone. */
export function stopWithParent(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

/** Ends the process with a sentence that says why, and what to do where that is known. */
export function exit(log: FastifyBaseLogger, why: unknown): never {
  const error = why instanceof Error ? why : new Error(String(why));
  const taken = 'code' in error && error.code === 'EADDRINUSE';
  log.fatal(taken ? `${error.message}: another process has the port; stop that one, or set PORT` : error.message);
  process.exit(1);
}
