/**
 * The ground that the other plugins stand on: `app.lb` and `request.lb`, and what answers say while the service drains.
 *
 * A lame duck serves, but asks its callers to go elsewhere (Google's term): every answer closes its connection, so that callers that know
 * nothing of this come anew and meet somebody else, and says `x-lb-draining: 1`, so that balancers leave at the first answer, even when
 * their watch of the registry lags.
 */
import { checkNumber } from '@lb/core';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';

import { closeAfter } from './close-after.ts';
import { drainingHeader, nackHeader } from './headers.ts';
import { isWork } from './refuse.ts';
import { CallerInfo } from './request-lb.ts';
import { type Lb, ServiceState } from './service-state.ts';

/** What to keep back of a caller's time. */
export interface LameDuckOptions {
  /**
   * What to keep back of the time that a caller allows (`x-lb-timeout-ms`) for the way back, in milliseconds. Defaults to 5: an
   * answer that leaves later than that would come too late.
   */
  readonly deadlineReserveMs?: number | undefined;
}

/** @throws {InvalidOptionError} */
export const lameDuck: FastifyPluginAsync<LameDuckOptions> = fp(
  async (app: FastifyInstance, options: LameDuckOptions) => {
    const reserveMs = checkNumber('deadlineReserveMs', options.deadlineReserveMs ?? 5, { min: 0, max: 60_000 });
    const state = new ServiceState();
    app.decorate<Lb>('lb', state);
    app.decorateRequest('lb');

    app.addHook('onRequest', async (request, reply) => {
      reply.raw.removeHeader(nackHeader);
      request.setDecorator('lb', new CallerInfo(request.raw, reply.raw, reserveMs));
      if (!isWork(request)) return;
      const since = performance.now();
      state.inFlight += 1;
      state.lastRequestAt = since;
      reply.raw.once('close', () => {
        state.inFlight -= 1;
        for (const listener of state.listeners) listener(reply.raw, performance.now() - since);
      });
    });

    app.addHook('onSend', async (request, reply) => {
      if (!state.draining) return;
      reply.header(drainingHeader, '1');
      closeAfter(request, reply);
    });

    // While it closes, Fastify refuses by itself what still comes: with a 503 that could mean anything, and before any hook. What does
    // reach a hook, since `return503OnClosing` is off, is not refused.
    app.server.prependListener('request', (_request, response) => {
      if (state.closing) response.setHeader(nackHeader, 'draining');
    });
  },
  { name: '@lb/fastify-lame-duck', fastify: '5.x' },
);
