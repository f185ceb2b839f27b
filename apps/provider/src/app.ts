/** The provider's HTTP side: built here, listened on in `main.ts`. */
import { callerGone, hash, type HashReply, HashRequest } from '@lb/common';
import fastify, { type FastifyInstance, type FastifyReply, LogController } from 'fastify';

import type { ProviderConfig } from './config.ts';
import { Slots } from './slots.ts';
import { Work } from './work.ts';

export interface ProviderApp {
  readonly app: FastifyInstance;
  /** From now on every answer closes its connection and says that we drain, and `/readyz` fails. */
  readonly drain: () => void;
}

export function buildApp(config: ProviderConfig): ProviderApp {
  const app = fastify({
    logger: { level: config.logLevel, base: null },
    logController: new LogController({ disableRequestLogging: true }),
  });
  const slots = new Slots(config.capacity.slots, config.capacity.queue);
  const work = new Work(config.capacity);
  let draining = false;

  app.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close').header('x-lb-draining', '1');
  });

  const answer = async (request: HashRequest, reply: FastifyReply): Promise<HashReply> => {
    const signal = callerGone(reply);
    const release = await slots.take(signal);
    if (release === undefined) return reply.code(503).header('retry-after', '1').send(full);
    try {
      await work.done(signal);
      const { algorithm, rounds } = request;
      return { hash: hash(request), algorithm, rounds, provider: config.name };
    } finally {
      release();
    }
  };

  app.get<{ Querystring: HashRequest }>('/hash', { schema: { querystring: HashRequest } }, (request, reply) =>
    answer(request.query, reply),
  );
  app.post<{ Body: HashRequest }>('/hash', { schema: { body: HashRequest } }, (request, reply) =>
    answer(request.body, reply),
  );

  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const status = draining ? 'draining' : 'ok';
    return reply
      .code(draining ? 503 : 200)
      .send({ status, slots: slots.limit, used: slots.used, queued: slots.queued });
  });

  return { app, drain: () => void (draining = true) };
}

const full = { statusCode: 503, error: 'Service Unavailable', message: 'All slots are taken and the queue is full' };
