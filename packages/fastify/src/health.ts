import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';

import { stateOf } from './service-state.ts';

/**
 * `/livez` answers 200 while the process can answer at all; restart what does not. `/readyz`, and `/healthz` for those who look there,
 * answer 200 while the service wants requests, and 503 with what is missing while it drains or one of `app.lb.checks` fails: send it nothing then,
 * and do not restart it.
 */
export const health: FastifyPluginAsync = fp(
  async (app: FastifyInstance) => {
    const state = stateOf(app);
    const config = { lb: { work: false } };
    app.get('/livez', { config, logLevel: 'warn' }, () => ({ status: 'ok' }));
    for (const path of ['/readyz', '/healthz']) {
      app.get(path, { config, logLevel: 'warn' }, (_request, reply) => {
        const checks = Object.fromEntries(Array.from(state.checks, ([name, check]) => [name, check()]));
        const { status, inFlight, slots } = state;
        return reply
          .code(status === 'ok' ? 200 : 503)
          .send({ status, checks, inFlight, slots: slots && describe(slots) });
      });
    }
  },
  { name: '@lb/fastify-health', fastify: '5.x', dependencies: ['@lb/fastify-lame-duck'] },
);

function describe({ limit, used, queued }: { limit: number; used: number; queued: number }): object {
  return { limit, used, queued };
}
