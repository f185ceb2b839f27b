import type { FastifyBaseLogger } from 'fastify';

/** Ends this process, as SIGTERM would, when the parent that started it with a channel is gone. */
export function stopWithParent(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

/** Says things where there is no log yet. */
const plain: Pick<FastifyBaseLogger, 'fatal'> = { fatal: (text: string) => void process.stderr.write(`${text}\n`) };

/** Ends the process with a sentence that says why, and what to do where that is known. */
export function exit(why: unknown, log: Pick<FastifyBaseLogger, 'fatal'> = plain): never {
  const error = why instanceof Error ? why : new Error(String(why));
  log.fatal(inWords(error));
  process.exit(1);
}

function inWords(error: Error): string {
  // An error without a code is a mistake of ours, and where it was made says more than what it is called.
  if (!('code' in error)) return error.stack ?? error.message;
  if (error.code !== 'EADDRINUSE') return error.message;
  return `${error.message}: another process has the port; stop that one, or set PORT`;
}
