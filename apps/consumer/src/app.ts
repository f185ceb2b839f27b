/** The consumer's HTTP side: built here, listened on in `main.ts`. */
import type { DiscoverySource } from '@lb/balancer';
import { BalancerMetrics } from '@lb/balancer/metrics';
import {
  answerInOrder,
  describeApi,
  fastifyOptions,
  HashReply,
  HashRequest,
  limitConnections,
  serveMetrics,
} from '@lb/common';
import { policies } from '@lb/core';
import { health, lameDuck, shedding } from '@lb/fastify';
import { consumer, proxy, type ServiceOptions } from '@lb/fastify/consumer';
import { page } from '@lb/page';
import { discover, EtcdDiscovery, openOverrides } from '@lb/registry';
import * as client from '@prometheus-io/client';
import fastify, { type FastifyInstance } from 'fastify';

import { askForHash } from './ask-for-hash.ts';
import { command, type ConsumerConfig } from './config.ts';
import { countDiscoveries } from './registry-metrics.ts';

export interface AppOptions {
  /** Takes the place of etcd; the live page, which shows what etcd says, is then left out. */
  readonly discovery?: (service: string) => DiscoverySource;
  /** Around every request to a provider. */
  readonly interceptors?: ServiceOptions['interceptors'];
}

export async function buildApp(
  config: ConsumerConfig,
  { discovery, interceptors = [] }: AppOptions = {},
): Promise<FastifyInstance> {
  const app = fastify(fastifyOptions(config.http));
  limitConnections(app.server, config.http);
  answerInOrder(app);
  await app.register(lameDuck);
  await describeApi(app, 'Consumer', command.about);
  const registry = await serveMetrics(app);
  const balancers = new BalancerMetrics({ client, registry });
  app.addHook('onClose', async () => balancers.close());
  countDiscoveries(app, registry);
  await app.register(shedding, { maxEventLoopDelayMs: config.http.MAX_EVENT_LOOP_DELAY_MS });
  await app.register(health);
  await app.register(consumer, {
    services: [config.service],
    discovery: discovery ?? ((service) => follow(config, service)),
    options: () => ({ ...serviceOptions(config), interceptors }),
    onOpen: (balancer) => balancers.watch(balancer),
    onDemand: config.onDemand,
  });

  app.get<{ Querystring: HashRequest; Reply: HashReply }>(
    '/hash',
    { schema: { querystring: HashRequest, response: { 200: HashReply } } },
    (request, reply) => askForHash(config.service, request.query, request, reply),
  );
  app.post<{ Body: HashRequest; Reply: HashReply }>(
    '/hash',
    { schema: { body: HashRequest, response: { 200: HashReply } } },
    (request, reply) => askForHash(config.service, request.body, request, reply),
  );
  await app.register(proxy, { prefix: '/svc', bodyLimitBytes: config.http.BODY_LIMIT_BYTES });

  const followed = app.lb.services.get(config.service);
  if (followed?.discovery instanceof EtcdDiscovery) {
    const { balancer, discovery: etcd } = followed;
    const overrides = config.operators && openOverrides({ ...config.etcd, service: config.service });
    app.addHook('onClose', () => overrides?.close());
    await app.register(page, {
      prefix: '/lb',
      balancer,
      discovery: etcd,
      operators: config.operators && overrides && { who: config.operators, overrides },
    });
  }
  return app;
}

function follow({ etcd, service: main, snapshotFile }: ConsumerConfig, service: string): EtcdDiscovery {
  // One file holds one service.
  return discover({ ...etcd, service, snapshotFile: service === main ? snapshotFile : undefined });
}

function serviceOptions({
  policy,
  timeoutMs,
  ttlSeconds,
  maxInFlight,
  queueLimit,
  connectionsPerPeer,
}: ConsumerConfig): ServiceOptions {
  return {
    policy: policies[policy](),
    timeoutMs,
    maxInFlight,
    queueLimit,
    connectionsPerPeer,
    // Leases that ran out together did so within one lifetime; two seconds for etcd to notice and for the watch to tell.
    suspicion: { windowMs: (ttlSeconds + 2) * 1000 },
    probe: { path: '/livez' },
    // Nobody waits longer than that once the app has answered everything.
    drainTimeoutMs: 2000,
  };
}
