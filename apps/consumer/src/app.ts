/** The consumer's HTTP side: built here, listened on in `main.ts`. */
import type { Balancer } from '@lb/balancer';
import { hash, HashReply, HashRequest } from '@lb/common';
import { health, lameDuck } from '@lb/fastify';
import { page, type PageOptions } from '@lb/page';
import type { EtcdDiscovery } from '@lb/registry';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { Value } from 'typebox/value';

import type { ConsumerConfig } from './config.ts';

export async function buildApp(
  config: ConsumerConfig,
  balancer: Balancer,
  discovery: EtcdDiscovery,
  operators?: PageOptions['operators'],
): Promise<FastifyInstance> {
  const app = fastify({
    logger: { level: config.logLevel, base: null },
    logController: new LogController({ disableRequestLogging: true }),
  });
  await app.register(lameDuck);
  await app.register(health);
  app.lb.checks.set('providers', () => (balancer.pool.size === 0 ? 'none found' : 'ok'));

  app.get<{ Querystring: HashRequest }>('/hash', { schema: { querystring: HashRequest } }, (request, reply) =>
    forward(balancer, request.query, request, reply),
  );
  app.post<{ Body: HashRequest }>('/hash', { schema: { body: HashRequest } }, (request, reply) =>
    forward(balancer, request.body, request, reply),
  );
  await app.register(page, { prefix: '/lb', balancer, discovery, operators });
  return app;
}

/** Has a provider compute the hash, and checks that it did. */
async function forward(
  balancer: Balancer,
  wanted: HashRequest,
  { lb }: FastifyRequest,
  reply: FastifyReply,
): Promise<HashReply | FastifyReply> {
  try {
    const response = await balancer.request('/hash', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
      signal: lb.signal,
      // A hash is the same however often it is taken, whatever HTTP thinks of POST.
      lb: { idempotent: true },
    });
    if (response.statusCode !== 200) {
      await response.body.dump();
      return reply.code(502).send(problem(502, `The provider answered ${response.statusCode}`));
    }
    const answer = await response.body.json();
    if (Value.Check(HashReply, answer) && answer.hash === hash(wanted)) return answer;
    return reply.code(502).send(problem(502, 'The answer of the provider is wrong'));
  } catch (error) {
    const statusCode = statusOf(error);
    if (statusCode === 503) reply.header('retry-after', '1');
    return reply.code(statusCode).send(problem(statusCode, error instanceof Error ? error.message : String(error)));
  }
}

/** What a request is answered that the balancer gave up on. */
function statusOf(error: unknown): 502 | 503 | 504 {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_NO_ENDPOINT' || code === 'ERR_OVERFLOW') return 503;
  return code === 'ERR_DEADLINE' ? 504 : 502;
}

function problem(statusCode: number, message: string): { statusCode: number; message: string } {
  return { statusCode, message };
}
