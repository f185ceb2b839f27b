import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';

import { CallerInfo } from './request-lb.ts';
import { stateOf } from './service-state.ts';

/**
 * Refuses with 504, before any work is done, what comes when its caller no longer waits: as it says in `x-lb-timeout-ms`. Looked at
 * when the request comes, and again when its body has been read. While a handler works, `request.lb.signal` tells it.
 */
export const deadline: FastifyPluginAsync = fp(
  async (app: FastifyInstance) => {
    const state = stateOf(app);
    for (const hook of ['onRequest', 'preHandler'] as const) {
      app.addHook(hook, async ({ lb }) => {
        const overdue = lb instanceof CallerInfo ? lb.overdue : undefined;
        if (overdue === undefined) return;
        state.countRefusal('deadline');
        throw overdue;
      });
    }
  },
  { name: '@lb/fastify-deadline', fastify: '5.x', dependencies: ['@lb/fastify-lame-duck'] },
);
