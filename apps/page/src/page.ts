/**
 * The live page, as a Fastify plugin: `app.register(page, { prefix: '/lb', … })`.
 *
 *     /lb/              the page
 *     /lb/state.json    what it shows
 *     /lb/history.json  the last five minutes
 *     /lb/log.json      what has happened
 *     /lb/events        state and log as server-sent events
 *     /lb/actions       what operators do; only there when there are operators
 */
import type { Balancer } from '@lb/balancer';
import type { DiscoveryStatus, Overrides } from '@lb/registry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Value } from 'typebox/value';

import { Action, switchablePolicies } from './action.ts';
import { act, ActionError } from './actions.ts';
import { assetHeaders, readAssets } from './assets.ts';
import { EventLog } from './event-log.ts';
import { EventStream } from './event-stream.ts';
import { narrate } from './narrator.ts';
import { type PageClock, systemClock } from './page-clock.ts';
import type { Operators } from './operators.ts';
import { StateKeeper } from './state-keeper.ts';

export interface PageOptions {
  readonly balancer: Pick<Balancer, 'pool' | 'stats' | 'usePolicy'>;
  readonly discovery: { readonly status: DiscoveryStatus };
  readonly clock?: PageClock | undefined;
  /** Who may act, and where what they set for all consumers goes. Without it the page only shows. */
  readonly operators?: { readonly who: Operators; readonly overrides: Pick<Overrides, 'set' | 'clear'> } | undefined;
}

export function page(app: FastifyInstance, options: PageOptions, done: () => void): void {
  const { balancer, discovery, operators, clock = systemClock } = options;
  const log = new EventLog(clock.wallClock);
  const state = new StateKeeper({
    balancer,
    discovery,
    actions: { enabled: operators !== undefined, policies: operators === undefined ? [] : switchablePolicies },
    clock,
  });
  const stream = new EventStream(
    log,
    () => state.read(),
    () => performance.now(),
  );
  const ends = [
    state.listen(),
    narrate(balancer.pool.service, log),
    clock.everySecond(() => {
      state.tick();
      stream.sendState();
    }),
    () => stream.close(),
  ];
  // Streams would keep a server open for good, so they end before it closes.
  app.addHook('preClose', async () => {
    for (const end of ends) end();
  });

  // For the load shedding of @lb/fastify, as people look here when a consumer is overloaded; and for OpenAPI, where there is one.
  app.addHook('onRoute', (route) => {
    route.config = Object.assign({}, route.config, { lb: { work: false } });
    const summary = summaries[route.url.slice(app.prefix.length)];
    const inDocs = summary === undefined ? { hide: true } : { summary, tags: ['live page'] };
    route.schema = Object.assign({}, route.schema, inDocs);
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(assetHeaders);
  });
  serveAssets(app);
  app.get('/state.json', () => state.read());
  app.get('/history.json', () => state.recent.read());
  app.get('/log.json', () => log.since(0));
  // Not for HEAD, which Fastify has by itself: it would wait for the end of what has none.
  app.get('/events', { exposeHeadRoute: false }, (request, reply) => openStream(stream, request, reply));

  if (operators !== undefined) {
    const { who, overrides } = operators;
    app.post<{ Body: Action }>(
      '/actions',
      {
        schema: { body: Action },
        // Fastify's own takes `null` for 0 where a number is wanted, and a weight of 0 is not no weight.
        validatorCompiler: () => (body: unknown) =>
          Value.Check(Action, body) || { error: new Error('This is no action') },
        // Before the body is read: whoever has no token learns nothing of what would have been taken.
        onRequest: async (request, reply) => {
          if (request.headers.authorization === undefined) {
            return reply.code(401).header('www-authenticate', 'Bearer').send(problem(401, 'Actions need a token'));
          }
          if (who.find(request.headers.authorization) === undefined) {
            return reply.code(403).send(problem(403, 'This token is not known'));
          }
          return undefined;
        },
      },
      async (request, reply) => {
        const by = who.find(request.headers.authorization) ?? 'nobody';
        try {
          const entry = await act(request.body, by, { balancer, overrides, log, now: clock.now });
          request.log.info(entry.text);
          return entry;
        } catch (error) {
          if (!(error instanceof ActionError)) throw error;
          return reply.code(error.statusCode).send(problem(error.statusCode, error.message));
        }
      },
    );
  }
  done();
}

/** What is for programs. */
const summaries: Readonly<Record<string, string>> = {
  '/state.json': 'What the balancer does now',
  '/history.json': 'The last five minutes',
  '/log.json': 'What has happened',
  '/events': 'State and log as server-sent events',
  '/actions': 'What operators do, with a token',
};

function serveAssets(app: FastifyInstance): void {
  const assets = readAssets(new URL('../browser/', import.meta.url));
  const send = (name: string, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const asset = assets.get(name);
    if (asset === undefined) return reply.code(404).send(problem(404, `There is no ${name} here`));
    if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
    return reply.header('etag', asset.etag).type(asset.type).send(asset.body);
  };
  app.get('/', { prefixTrailingSlash: 'slash' }, (request, reply) => send('index.html', request, reply));
  // Relative addresses on the page need the slash.
  app.get('', (_request, reply) => reply.redirect(`${app.prefix}/`));
  app.get<{ Params: { name: string } }>('/assets/:name', (request, reply) => send(request.params.name, request, reply));
}

function openStream(stream: EventStream, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (stream.full) return reply.code(503).header('retry-after', '5').send(problem(503, 'Too many pages are open'));
  const lastId = Number(request.headers['last-event-id'] ?? 0);
  reply.hijack();
  // A hijacked reply sends no headers but these.
  reply.raw.writeHead(200, { ...assetHeaders, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  stream.add(reply.raw, Number.isFinite(lastId) ? lastId : 0);
  return reply;
}

function problem(statusCode: number, message: string): { statusCode: number; message: string } {
  return { statusCode, message };
}
