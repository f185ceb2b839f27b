import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Endpoint } from '@lb/core';

/** A provider on loopback that answers as it is told, and remembers what it was asked. */
export class HttpProvider {
  readonly endpoint: Endpoint;
  readonly asked: string[] = [];
  readonly #server: Server;

  constructor(server: Server, endpoint: Endpoint) {
    this.#server = server;
    this.endpoint = endpoint;
    server.prependListener('request', ({ method, url }) => this.asked.push(`${method} ${url}`));
  }

  /** Answers with its id, unless told otherwise. */
  static async start(
    id: string,
    answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end(id),
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

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
