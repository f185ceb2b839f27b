import underPressure from '@fastify/under-pressure';
import { checkNumber } from '@lb/core';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';

import { isWork, refusal } from './refuse.ts';
import { stateOf } from './service-state.ts';

/** How late and how full the process may be before it refuses work. */
export interface SheddingOptions {
  /**
   * Refuse work while the event loop is late by more than this on average, in milliseconds: at twice as much, every other request, at ten times
   * as much, nine of ten. Defaults to 100: a request passes through the loop a few times, so that an answer is then half a second late.
   * 0 for no such limit.
   */
  readonly maxEventLoopDelayMs?: number | undefined;
  /** Refuse work while the heap holds more than this many bytes. Defaults to 0: no limit. */
  readonly maxHeapUsedBytes?: number | undefined;
  /** Refuse work while the process occupies more than this many bytes of memory. Defaults to 0: no limit. */
  readonly maxRssBytes?: number | undefined;
  /**
   * How often to look, in milliseconds, and over how long to take the average. Defaults to 500. Shorter, and one pause of the garbage
   * collector refuses what came after it; longer, and the load is gone for a while when it is still refused.
   */
  readonly sampleIntervalMs?: number | undefined;
  /** Source of chance. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/**
 * Refuses work while the process is too busy to do it in time: with a 503 that says that nothing was done, before the body is read. While
 * it lasts the service is not ready. What it goes by is `@fastify/under-pressure`.
 *
 * @throws {InvalidOptionError}
 */
export const shedding: FastifyPluginAsync<SheddingOptions> = fp(
  async (app: FastifyInstance, options: SheddingOptions) => {
    const maxDelayMs = atLeastZero('maxEventLoopDelayMs', options.maxEventLoopDelayMs ?? 100);
    const { random = Math.random } = options;
    await app.register(underPressure, {
      maxEventLoopDelay: maxDelayMs,
      maxHeapUsedBytes: atLeastZero('maxHeapUsedBytes', options.maxHeapUsedBytes ?? 0),
      maxRssBytes: atLeastZero('maxRssBytes', options.maxRssBytes ?? 0),
      sampleInterval: checkNumber('sampleIntervalMs', options.sampleIntervalMs ?? 500, { min: 100, max: 60_000 }),
      pressureHandler: (request, reply, type, value = Infinity) => {
        if (!isWork(request)) return;
        // Refusing all of it until the next sample, and then none, would swing between idle and overrun.
        if (type === underPressure.TYPE_EVENT_LOOP_DELAY && random() < maxDelayMs / value) return;
        throw refusal(request, reply, 'pressure');
      },
    });
    stateOf(app).checks.set('pressure', () => (app.isUnderPressure() ? 'too busy' : 'ok'));
  },
  { name: '@lb/fastify-shedding', fastify: '5.x', dependencies: ['@lb/fastify-lame-duck'] },
);

function atLeastZero(option: string, value: number): number {
  return checkNumber(option, value, { min: 0, max: Number.MAX_VALUE });
}
