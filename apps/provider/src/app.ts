/** The provider's HTTP side: built here, listened on in `main.ts`. */
import { hash, type HashReply, HashRequest } from '@lb/common';
import { provider } from '@lb/fastify';
import fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify';

import type { ProviderConfig } from './config.ts';
import { Work } from './work.ts';

export async function buildApp(config: ProviderConfig): Promise<FastifyInstance> {
  const app = fastify({
    logger: { level: config.logLevel, base: null },
    logController: new LogController({ disableRequestLogging: true }),
  });
  const { slots, queue } = config.capacity;
  await app.register(provider, {
    slots: { slots, queue },
    shedding: { maxEventLoopDelayMs: config.maxEventLoopDelayMs },
  });

  const work = new Work(config.capacity);
  const answer = async (wanted: HashRequest, { lb }: FastifyRequest): Promise<HashReply> => {
    await work.done(lb.signal);
    const { algorithm, rounds } = wanted;
    return { hash: hash(wanted), algorithm, rounds, provider: config.name };
  };

  app.get<{ Querystring: HashRequest }>('/hash', { schema: { querystring: HashRequest } }, (request) =>
    answer(request.query, request),
  );
  app.post<{ Body: HashRequest }>('/hash', { schema: { body: HashRequest } }, (request) =>
    answer(request.body, request),
  );
  return app;
}
