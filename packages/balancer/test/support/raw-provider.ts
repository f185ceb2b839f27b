import { createServer, type Server, type Socket } from 'node:net';

import type { Endpoint } from '@lb/core';

/** A provider that answers byte for byte what it is told, right or wrong. */
export class RawProvider {
  readonly endpoint: Endpoint;
  /** All that it was sent, by connection. */
  readonly received: string[] = [];
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  constructor(server: Server, sockets: Set<Socket>, endpoint: Endpoint) {
    this.#server = server;
    this.#sockets = sockets;
    this.endpoint = endpoint;
  }

  /** `answer` is called once for each request whose head has come, with what has come by then. */
  static async start(answer: (socket: Socket, head: string) => void | Promise<void>): Promise<RawProvider> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      const index = provider.received.push('') - 1;
      let unanswered = '';
      socket.on('data', (chunk) => {
        provider.received[index] += chunk.toString('latin1');
        unanswered += chunk.toString('latin1');
        if (!unanswered.includes('\r\n\r\n')) return;
        const head = unanswered;
        unanswered = '';
        void answer(socket, head);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const origin = `http://127.0.0.1:${port}`;
    const provider = new RawProvider(server, sockets, { id: origin, origin, state: 'serving', metadata: {} });
    return provider;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Breaks all connections, and takes no more. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
