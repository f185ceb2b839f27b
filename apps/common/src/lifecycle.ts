import type { FastifyBaseLogger, FastifyInstance } from 'fastify';

/** Reads the settings, or ends the process with what is wrong with them. */
export function settingsOrExit<T>(read: (env: NodeJS.ProcessEnv) => T): T {
  try {
    return read(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(2);
  }
}

/** Starts listening, or ends the process with a sentence that says what to do. */
export async function listenOrExit(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    exit(app.log, taken ? `port ${port} on ${host} is taken by another process; stop that one, or set PORT` : error);
  }
}

/**
 * Calls `stop` once, when the process is asked to end: by SIGTERM, by SIGINT, which a terminal may send more than once, or because the
 * parent that started it with a channel is gone. The process exits when `stop` is done.
 */
export function stopOnSignal(log: FastifyBaseLogger, stop: (why: string) => Promise<void>): void {
  let stopping = false;
  const begin = (why: string): void => {
    if (stopping) return;
    stopping = true;
    stop(why).then(
      () => process.exit(0),
      (error: unknown) => exit(log, error),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, begin);
  process.on('disconnect', () => begin('the end of its parent'));
}

export function exit(log: FastifyBaseLogger, why: unknown): never {
  log.fatal(why instanceof Error ? why.message : String(why));
  process.exit(1);
}
