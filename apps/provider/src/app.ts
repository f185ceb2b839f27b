/** The provider's HTTP side: built here, listened on in `main.ts`. */
import {
  answerInOrder,
  describeApi,
  fastifyOptions,
  hash,
  HashReply,
  HashRequest,
  limitConnections,
  serveMetrics,
} from '@lb/common';
import { provider } from '@lb/fastify';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

import { command, type ProviderConfig } from './config.ts';
import { Work } from './work.ts';

export async function buildApp(config: ProviderConfig): Promise<FastifyInstance> {
  const app = fastify(fastifyOptions(config.http));
  limitConnections(app.server, config.http);
  answerInOrder(app);
  const { slots, queue } = config.capacity;
  await app.register(provider, {
    slots: { slots, queue },
    shedding: { maxEventLoopDelayMs: config.http.MAX_EVENT_LOOP_DELAY_MS },
  });

  await describeApi(app, 'Provider', command.about);
  await serveMetrics(app);

  const work = new Work(config.capacity);
  const answer = async (wanted: HashRequest, { lb }: FastifyRequest): Promise<HashReply> => {
    await work.done(lb.signal);
    const { algorithm, rounds } = wanted;
    return { hash: hash(wanted), algorithm, rounds, provider: config.name };
  };

  app.get<{ Querystring: HashRequest }>(
    '/hash',
    { schema: { querystring: HashRequest, response: { 200: HashReply } } },
    (request) => answer(request.query, request),
  );
  app.post<{ Body: HashRequest }>('/hash', { schema: { body: HashRequest, response: { 200: HashReply } } }, (request) =>
    answer(request.body, request),
  );
  return app;
}
