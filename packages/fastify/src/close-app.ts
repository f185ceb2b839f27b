import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const sweepMs = 100;

/** Closes a Fastify app without failing what is in flight. To be made before the app listens. */
export class AppCloser {
  readonly #app: FastifyInstance;
  /** What there is to cut, whatever is spoken over it: servers of HTTP/2 have nothing that does, for HTTP/1 beside it neither. */
  readonly #sockets = new Set<Socket>();

  constructor(app: FastifyInstance) {
    this.#app = app;
    app.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * What is in flight may take `finishMs` at most, then its connections are cut; whether all of it has finished. Fastify's `close()` alone waits
   * for keep-alive connections, too, and those last over a minute: a request that was in flight when it began leaves one behind.
   */
  async close(finishMs: number): Promise<boolean> {
    let finished = true;
    // HTTP/2 servers have no such thing: Fastify asks their sessions to end.
    const server: Partial<Pick<Server, 'closeIdleConnections'>> = this.#app.server;
    const sweep = setInterval(() => server.closeIdleConnections?.(), sweepMs);
    const overdue = setTimeout(() => {
      finished = false;
      for (const socket of this.#sockets) socket.destroy();
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
