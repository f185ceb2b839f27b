import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';

import { deadline } from './deadline.ts';
import { health } from './health.ts';
import { lameDuck, type LameDuckOptions } from './lame-duck.ts';
import { loadReport, type LoadReportOptions } from './load-report.ts';
import { shedding, type SheddingOptions } from './shedding.ts';
import { slotLimit, type SlotLimitOptions } from './slot-limit.ts';

/** Which of the parts of a provider to have, and how. */
export interface ProviderOptions extends LameDuckOptions {
  /** Whether to have `/livez`, `/readyz` and `/healthz`. Defaults to true. */
  readonly health?: boolean | undefined;
  /** Whether to refuse what comes too late. Defaults to true. */
  readonly deadline?: boolean | undefined;
  /** How many requests at once. Defaults to no limit: only you know what your service carries. */
  readonly slots?: SlotLimitOptions | undefined;
  /** Refuses work while the process is too busy. `false` for never. */
  readonly shedding?: SheddingOptions | false | undefined;
  /** Load reports in answers, and the route for probes. `false` for none. */
  readonly loadReport?: LoadReportOptions | false | undefined;
}

/**
 * All that a provider needs besides its routes, in the order in which it has to stand. Register it before them: Fastify gives hooks to
 * what is registered later. Then `serve(app, …)`.
 *
 * @throws {InvalidOptionError}
 */
export const provider: FastifyPluginAsync<ProviderOptions> = fp(
  async (app: FastifyInstance, options: ProviderOptions) => {
    await app.register(lameDuck, options);
    if (options.deadline !== false) await app.register(deadline);
    if (options.loadReport !== false) await app.register(loadReport, options.loadReport ?? {});
    if (options.shedding !== false) await app.register(shedding, options.shedding ?? {});
    if (options.slots !== undefined) await app.register(slotLimit, options.slots);
    if (options.health !== false) await app.register(health);
  },
  { name: '@lb/fastify-provider', fastify: '5.x' },
);
