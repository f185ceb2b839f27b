import type { FastifyBaseLogger } from 'fastify';

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
