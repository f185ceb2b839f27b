import { metrics } from '@lb/fastify/metrics';
import * as client from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';

/** Serves what the process and its service do at `/metrics`; returns the registry, for more. Before the routes. */
export async function serveMetrics(app: FastifyInstance): Promise<client.Registry> {
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  await app.register(metrics({ client, registry }));
  return registry;
}
