import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

import type { Duplex } from 'node:stream';

import type { Endpoint } from '@lb/core';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A provider on loopback that answers as it is told, and remembers what it was asked. */
export class HttpProvider {
  readonly endpoint: Endpoint;
  /** Method and URL of each request. */
  readonly asked: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  /** Connections that there have been. */
  connections = 0;
  readonly #server: Server;

  constructor(server: Server, endpoint: Endpoint) {
    this.#server = server;
    this.endpoint = endpoint;
    server.on('connection', () => (this.connections += 1));
    server.prependListener('request', ({ method, url, headers }) => {
      this.asked.push(`${method} ${url}`);
      this.headers.push(headers);
    });
  }

  /** Answers with its id, unless told otherwise. */
  static async start(
    id: string,
    answer: Answer = (_request, response) => response.end(id),
    fields: Partial<Endpoint> = {},
  ): Promise<HttpProvider> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    return new HttpProvider(server, {
      id,
      origin: `http://127.0.0.1:${port}`,
      state: 'serving',
      metadata: {},
      ...fields,
    });
  }

  get id(): string {
    return this.endpoint.id;
  }

  /** Connections that there are now. */
  open(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }

  /** Has `answer` deal with upgrades. */
  onUpgrade(answer: (socket: Duplex) => void): void {
    this.#server.on('upgrade', (_request, socket) => answer(socket));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
