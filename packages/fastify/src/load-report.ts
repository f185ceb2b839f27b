/**
 * Says in every answer how busy the service is, so that balancers need not guess it from their own share of the traffic:
 *
 *     endpoint-load-metrics: TEXT cpu_utilization=0.31, rps_fractional=120, eps=0, application_utilization=0.62
 *     x-lb-in-flight: 12
 *     x-lb-latency-ms: 48.5
 *
 * The first is ORCA's (Envoy, gRFC A51), which weighted round robin goes by. The others are Prequal's, which may also ask for them apart
 * from any request, at the probe route.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import fp from 'fastify-plugin';

import { inFlightHeader, latencyHeader, loadReportHeader } from './headers.ts';
import { LatencyByInFlight } from './latency-by-in-flight.ts';
import { RecentRate } from './recent-rate.ts';
import { isWork } from './refuse.ts';
import { stateOf } from './service-state.ts';
import { HeldMean, LoopUtilization } from './utilization.ts';

/** Where balancers may ask for the load. */
export interface LoadReportOptions {
  /** Where balancers ask how busy the service is; `false` for nowhere. Defaults to `/lb/probe`, where `HttpProbes` of `@lb/balancer` looks. */
  readonly probePath?: string | false | undefined;
}

/** A report is worked out anew after this long: it changes slowly, and answers are many. */
const reportMs = 100;

/** Tells callers how busy the service is, in the headers of its answers and on a route of its own. */
export const loadReport: FastifyPluginAsync<LoadReportOptions> = fp(
  async (app: FastifyInstance, { probePath = '/lb/probe' }: LoadReportOptions) => {
    const state = stateOf(app);
    const started = performance.now();
    const latencies = new LatencyByInFlight();
    const requests = new RecentRate(started);
    const errors = new RecentRate(started);
    const loop = new LoopUtilization(started);
    const mean = new HeldMean(started);
    let report = '';
    let reportedAt = -Infinity;

    /** `held` is what is held besides the request that is being answered. */
    const tell = (reply: FastifyReply, held: number): void => {
      const now = performance.now();
      if (now - reportedAt >= reportMs) {
        reportedAt = now;
        const share = state.slots === undefined ? undefined : mean.read(now) / state.slots.limit;
        report = `TEXT cpu_utilization=${digits(loop.read(now))}, rps_fractional=${digits(requests.perSecond(now))}, eps=${digits(errors.perSecond(now))}`;
        if (share !== undefined) report += `, application_utilization=${digits(share)}`;
      }
      reply
        .header(loadReportHeader, report)
        .header(inFlightHeader, String(held))
        .header(latencyHeader, digits(latencies.estimate(held, now)));
    };

    app.addHook('onRequest', async (request, reply) => {
      if (!isWork(request)) return;
      const since = performance.now();
      const held = state.inFlight - 1;
      requests.add(since);
      mean.set(state.inFlight, since);
      reply.raw.once('close', () => {
        const now = performance.now();
        mean.set(state.inFlight, now);
        // What was refused, and what nobody waited for, says nothing of how long work takes.
        if (reply.raw.writableEnded && reply.raw.statusCode < 500) latencies.record(held, now - since, now);
        if (reply.raw.statusCode >= 500) errors.add(now);
      });
    });
    app.addHook('onSend', async (request, reply) => {
      if (isWork(request)) tell(reply, Math.max(0, state.inFlight - 1));
    });
    if (probePath !== false) {
      app.get(probePath, { config: { lb: { work: false } }, logLevel: 'warn' }, (_request, reply) => {
        tell(reply, state.inFlight);
        return reply.code(204).send();
      });
    }
  },
  { name: '@lb/fastify-load-report', fastify: '5.x', dependencies: ['@lb/fastify-lame-duck'] },
);

function digits(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
