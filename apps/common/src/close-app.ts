import type { FastifyInstance } from 'fastify';

/** How long requests in flight may take once nothing new comes in. */
const finishMs = 10_000;
const sweepMs = 100;

/**
 * Closes a Fastify app without failing what is in flight. `close()` alone waits for idle keep-alive connections, too, and those last
 * over a minute: a request that was in flight when it began leaves one behind.
 */
export async function closeApp(app: FastifyInstance): Promise<void> {
  const sweep = setInterval(() => app.server.closeIdleConnections(), sweepMs);
  const overdue = setTimeout(() => app.server.closeAllConnections(), finishMs);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(overdue);
  }
}
