/** The consumer's HTTP side: built here, listened on in `main.ts`. */
import type { Balancer } from '@lb/balancer';
import { callerGone, hash, HashReply, HashRequest } from '@lb/common';
import type { EtcdDiscovery } from '@lb/registry';
import fastify, { type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import { Value } from 'typebox/value';

import type { ConsumerConfig } from './config.ts';
import { StateKeeper } from './state.ts';

export interface ConsumerApp {
  readonly app: FastifyInstance;
  /** From now on `/readyz` fails and every answer closes its connection, so that whatever stands in front goes elsewhere. */
  readonly drain: () => void;
}

export function buildApp(config: ConsumerConfig, balancer: Balancer, discovery: EtcdDiscovery): ConsumerApp {
  const app = fastify({
    logger: { level: config.logLevel, base: null },
    logController: new LogController({ disableRequestLogging: true }),
  });
  const state = new StateKeeper(balancer, discovery);
  let draining = false;

  app.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });

  app.get<{ Querystring: HashRequest }>('/hash', { schema: { querystring: HashRequest } }, (request, reply) =>
    forward(balancer, request.query, reply),
  );
  app.post<{ Body: HashRequest }>('/hash', { schema: { body: HashRequest } }, (request, reply) =>
    forward(balancer, request.body, reply),
  );

  app.get('/lb/state.json', () => state.read(performance.now()));
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const status = draining ? 'draining' : balancer.pool.size === 0 ? 'no providers' : 'ok';
    return reply.code(status === 'ok' ? 200 : 503).send({ status, providers: balancer.pool.size });
  });

  return { app, drain: () => void (draining = true) };
}

/** Has a provider compute the hash, and checks that it did. */
async function forward(
  balancer: Balancer,
  request: HashRequest,
  reply: FastifyReply,
): Promise<HashReply | FastifyReply> {
  try {
    const response = await balancer.request('/hash', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: callerGone(reply),
      // A hash is the same however often it is taken, whatever HTTP thinks of POST.
      lb: { idempotent: true },
    });
    if (response.statusCode !== 200) {
      await response.body.dump();
      return reply.code(502).send(problem(502, `The provider answered ${response.statusCode}`));
    }
    const answer = await response.body.json();
    if (Value.Check(HashReply, answer) && answer.hash === hash(request)) return answer;
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
