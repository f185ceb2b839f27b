import { createServer, type Server, type ServerResponse } from 'node:http';

/** What plain HTTP can be asked for. */
export interface WebAnswers {
  /** Whether the server is well. */
  readonly isHealthy: () => boolean;
  readonly version: string;
}

/**
 * What etcd answers to plain HTTP on the port for clients: `/health` and `/version`, which scripts wait for. Its JSON gateway is not
 * here, and says so.
 */
export function createWeb({ isHealthy, version }: WebAnswers): Server {
  const pages: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/health': (response) => {
      // The line break is etcd's.
      if (isHealthy()) response.writeHead(200, plainText).end('{"health":"true"}');
      else response.writeHead(503, plainText).end('{"health":"false"}\n');
    },
    '/version': (response) => {
      const etcdcluster = version.replace(/\d+$/, '0');
      response.writeHead(200, json).end(JSON.stringify({ etcdserver: version, etcdcluster }));
    },
  };
  return createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const page = pages[path];
    if (path.startsWith('/v3')) response.writeHead(501, json).end(noGateway);
    else if (page === undefined) response.writeHead(404, plainText).end('404 page not found\n');
    else if (request.method !== 'GET')
      response.writeHead(405, { ...plainText, allow: 'GET' }).end('Method Not Allowed\n');
    else page(response);
  });
}

const plainText = { 'content-type': 'text/plain; charset=utf-8' };
const json = { 'content-type': 'application/json' };

/** As the gateway tells errors, with gRPC's code for what is not implemented. */
const noGateway = JSON.stringify({
  error: 'embedded-etcd: the JSON gateway is not served, use gRPC',
  message: 'embedded-etcd: the JSON gateway is not served, use gRPC',
  code: 12,
});
