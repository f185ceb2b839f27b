/**
 * Fills a Prometheus registry with what a service does for its callers, and serves all of it at `/metrics`.
 *
 * Works with `@prometheus-io/client` and with `prom-client`, as `@lb/balancer/metrics` does, which counts what the service asks of others.
 */
import type { PrometheusClient } from '@lb/balancer/metrics';
import { channels } from '@lb/registry';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';

import { type ServiceState, stateOf } from './service-state.ts';

/** What is needed of a registry. */
export interface MetricsRegistry {
  readonly contentType: string;
  metrics(): Promise<string> | string;
}

export interface MetricsOptions<R extends MetricsRegistry> {
  /** The client library, such as `import * as client from '@prometheus-io/client'`. */
  readonly client: PrometheusClient<R>;
  /** The registry to fill and to serve, such as `client.register`. */
  readonly registry: R;
  /** Defaults to `/metrics`. */
  readonly path?: string | undefined;
}

/** Upper bounds in seconds, from an answer out of memory to one that nobody waits for. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A plugin, to register after `provider` or `lameDuck`: `await app.register(metrics({ client, registry }))`. */
export function metrics<R extends MetricsRegistry>(options: MetricsOptions<R>): FastifyPluginAsync {
  return fp(async (app: FastifyInstance) => install(app, options), {
    name: '@lb/fastify-metrics',
    fastify: '5.x',
    dependencies: ['@lb/fastify-lame-duck'],
  });
}

function install<R extends MetricsRegistry>(
  app: FastifyInstance,
  { client, registry, path = '/metrics' }: MetricsOptions<R>,
): void {
  const state = stateOf(app);
  const about = <Extra extends object>(name: string, help: string, extra: Extra) => ({
    name,
    help,
    registers: [registry],
    labelNames: [],
    ...extra,
  });
  const requests = new client.Counter(
    about('lb_service_requests_total', 'Requests that were answered, by class of status', { labelNames: ['status'] }),
  );
  const duration = new client.Histogram(
    about('lb_service_request_duration_seconds', 'From the head of a request to the end of its answer', { buckets }),
  );
  state.listeners.add(({ writableEnded, statusCode }, elapsedMs) => {
    requests.inc({ status: writableEnded ? `${Math.floor(statusCode / 100)}xx` : 'aborted' });
    duration.observe({}, elapsedMs / 1000);
  });

  const gauge = (name: string, help: string, read: () => number): void => {
    const made = new client.Gauge(about(name, help, { collect: () => made.set({}, read()) }));
  };
  gauge('lb_service_requests_in_flight', 'Requests begun and not yet answered', () => state.inFlight);
  gauge('lb_service_slots', 'Requests that may be worked on at once', () => state.slots?.limit ?? Infinity);
  gauge('lb_service_slots_used', 'Requests that are worked on', () => state.slots?.used ?? 0);
  gauge('lb_service_queued', 'Requests that wait for a slot', () => state.slots?.queued ?? 0);
  gauge('lb_service_draining', '1 while the service asks for no new requests', () => (state.draining ? 1 : 0));
  gauge('lb_service_ready', '1 while the service wants requests, as /readyz says', () =>
    state.status === 'ok' ? 1 : 0,
  );
  gauge('lb_service_registered', '1 while the service is known to stand in etcd', () =>
    state.registration?.state.kind === 'registered' ? 1 : 0,
  );
  const shed = new client.Counter(
    about('lb_service_shed_total', 'Requests refused before anything was done for them', {
      labelNames: ['reason'],
      collect: countUp(state, (reason, more) => shed.inc({ reason }, more)),
    }),
  );
  const lost = new client.Counter(about('lb_service_lease_lost_total', 'How often the registration was lost', {}));
  app.addHook(
    'onClose',
    unsubscribing(
      channels.registration.subscribe(({ state: { kind, ...rest }, endpoint }) => {
        if (endpoint.id !== state.registration?.id) return;
        if (kind === 'registering' && 'lost' in rest && rest.lost !== undefined) lost.inc({});
      }),
    ),
  );

  app.get(path, { config: { lb: { work: false } }, logLevel: 'warn' }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}

/** Tells what has been refused since it was last asked. */
function countUp(state: ServiceState, tell: (reason: string, more: number) => void): () => void {
  const told = new Map<string, number>();
  return () => {
    for (const [reason, count] of state.refused) {
      tell(reason, count - (told.get(reason) ?? 0));
      told.set(reason, count);
    }
  };
}

function unsubscribing(stop: () => void): () => Promise<void> {
  return async () => stop();
}
