import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:http';
import type { Http2Session } from 'node:http2';

const sweepMs = 100;

/** Closes a Fastify app without failing what is in flight. To be made before the app listens. */
export class AppCloser {
  readonly #app: FastifyInstance;
  /** Those of HTTP/2: its servers have nothing that ends them. */
  readonly #sessions = new Set<Http2Session>();

  constructor(app: FastifyInstance) {
    this.#app = app;
    app.server.on('session', (session: Http2Session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
  }

  /**
   * What is in flight may take `finishMs` at most, then its connections are cut; whether all of it has finished. Fastify's `close()` alone waits
   * for keep-alive connections, too, and those last over a minute: a request that was in flight when it began leaves one behind.
   */
  async close(finishMs: number): Promise<boolean> {
    let finished = true;
    // HTTP/2 servers have neither: Fastify asks their sessions to end.
    const server: Partial<Pick<Server, 'closeIdleConnections' | 'closeAllConnections'>> = this.#app.server;
    const sweep = setInterval(() => server.closeIdleConnections?.(), sweepMs);
    const overdue = setTimeout(() => {
      finished = false;
      server.closeAllConnections?.();
      for (const session of this.#sessions) session.destroy();
    }, finishMs);
    try {
      await this.#app.close();
    } finally {
      clearInterval(sweep);
      clearTimeout(overdue);
    }
    return finished;
  }
}
