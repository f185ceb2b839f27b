import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:http';

const sweepMs = 100;

/**
 * Closes a Fastify app without failing what is in flight, which may take `finishMs` at most; whether all of it has finished. `close()`
 * alone waits for keep-alive connections, too, and those last over a minute: a request that was in flight when it began leaves one behind.
 */
export async function closeApp(app: FastifyInstance, finishMs: number): Promise<boolean> {
  let finished = true;
  // HTTP/2 servers have neither: Fastify ends their sessions.
  const server: Partial<Pick<Server, 'closeIdleConnections' | 'closeAllConnections'>> = app.server;
  const sweep = setInterval(() => server.closeIdleConnections?.(), sweepMs);
  const overdue = setTimeout(() => {
    finished = false;
    server.closeAllConnections?.();
  }, finishMs);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(overdue);
  }
  return finished;
}
