/**
 * How much of this process one caller can hold on to. Node and Fastify wait for minutes or for ever by default, which is the price of
 * working with everybody; a service inside a system knows its callers, and five hundred of them that drip a byte a second must cost it nothing.
 */
import { type FastifyListenOptions, type FastifyHttpOptions, LogController } from 'fastify';
import type { Server } from 'node:http';
import { type Static, Type } from 'typebox';

const port = (usual: number) =>
  Type.Integer({ default: usual, minimum: 0, maximum: 65_535, description: 'Port to listen on; 0 for any free one' });

/** What both services can be told of their HTTP side; `usualPort` is where they listen unless told. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- the schema is the type
export const httpSettings = (usualPort: number) => ({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  PORT: port(usualPort),
  HEADERS_TIMEOUT_MS: ms(5000, 'How long the head of a request may take'),
  REQUEST_TIMEOUT_MS: ms(10_000, 'How long a whole request may take to come in; raise it for large uploads'),
  KEEP_ALIVE_TIMEOUT_MS: ms(72_000, 'How long an idle connection is kept: longer than callers keep theirs'),
  BODY_LIMIT_BYTES: Type.Integer({ default: 1_048_576, minimum: 0, description: 'Most bytes of a body' }),
  MAX_CONNECTIONS: Type.Integer({
    default: 2000,
    minimum: 1,
    description: 'Most connections at once; further ones are closed',
  }),
  MAX_EVENT_LOOP_DELAY_MS: Type.Integer({
    default: 100,
    minimum: 0,
    description: 'Requests are refused while the event loop is late by more than this on average; 0 for never',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'What to log',
  }),
});

export type HttpValues = Static<ReturnType<typeof Type.Object<ReturnType<typeof httpSettings>>>>;

/** For `fastify()`. */
export function fastifyOptions(values: HttpValues): FastifyHttpOptions<Server> {
  return {
    logger: { level: values.LOG_LEVEL, base: null },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: values.BODY_LIMIT_BYTES,
    requestTimeout: values.REQUEST_TIMEOUT_MS,
    keepAliveTimeout: values.KEEP_ALIVE_TIMEOUT_MS,
    // Headers that say who the caller is are believed of nobody.
    trustProxy: false,
    http: {
      headersTimeout: values.HEADERS_TIMEOUT_MS,
      // Node looks for overdue connections this often, and no oftener than each 30 s by default.
      connectionsCheckingInterval: 1000,
      // As much as undici sends by default.
      maxHeaderSize: 16_384,
    },
  };
}

/** What only a server that is there can be told. */
export function limitConnections(server: Server, { MAX_CONNECTIONS }: HttpValues): void {
  server.maxConnections = MAX_CONNECTIONS;
}

export function listenOptions({ HOST, PORT }: HttpValues): FastifyListenOptions {
  return { host: HOST, port: PORT };
}

function ms(usual: number, description: string) {
  return Type.Integer({ default: usual, minimum: 1, maximum: 86_400_000, description });
}
