import * as client from '@prometheus-io/client';
import fastify from 'fastify';
import { expect, it } from 'vitest';

import { provider } from './index.ts';
import { metrics } from './metrics.ts';

it('serves what a service does, and leaves out what is asked of health and metrics', async () => {
  const app = fastify();
  await app.register(provider, { shedding: false, slots: { slots: 1, queue: 0 } });
  await app.register(metrics({ client, registry: new client.Registry() }));
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  app.get('/hello', () => 'hello');
  app.get('/slow', async () => {
    await held;
    return 'done';
  });
  await app.inject('/hello');
  const slow = app.inject('/slow');
  await expect.poll(() => app.lb.slots?.used).toBe(1);
  await app.inject('/hello');
  await app.inject({ url: '/hello', headers: { 'x-lb-timeout-ms': '1' } });
  await app.inject('/livez');
  app.lb.drain();

  const answer = await app.inject('/metrics');
  expect(answer.headers['content-type']).toContain('text/plain');
  const lines = answer.body.split('\n');
  for (const line of [
    'lb_service_requests_total{status="2xx"} 1',
    'lb_service_requests_total{status="5xx"} 2',
    'lb_service_request_duration_seconds_count 3',
    'lb_service_requests_in_flight 1',
    'lb_service_slots 1',
    'lb_service_slots_used 1',
    'lb_service_queued 0',
    'lb_service_draining 1',
    'lb_service_ready 0',
    'lb_service_registered 0',
    'lb_service_shed_total{reason="slots"} 1',
    'lb_service_shed_total{reason="deadline"} 1',
  ]) {
    expect(lines).toContain(line);
  }
  letGo();
  await slow;
  expect((await app.inject('/metrics')).body).toContain('lb_service_shed_total{reason="slots"} 1\n');
  await app.close();
});
