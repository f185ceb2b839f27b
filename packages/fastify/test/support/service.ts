/** A service as a process of its own: what `serve` does with signals can only be seen from outside. */
import fastify from 'fastify';
import { setTimeout as after } from 'node:timers/promises';

import { provider, serve } from '../../src/index.ts';

const { ETCD_HOSTS = '', LINGER_MS = '0', FINISH_MS = '10000', BESIDE = '' } = process.env;
const app = fastify();
await app.register(provider, { shedding: false });
app.get<{ Querystring: { ms: string } }>('/work', async ({ query }) => {
  await after(Number(query.ms));
  return 'done';
});
const service = await serve(app, {
  register: { hosts: ETCD_HOSTS, service: 'work', ttlSeconds: 2 },
  lingerMs: Number(LINGER_MS),
  finishMs: Number(FINISH_MS),
});
if (BESIDE !== '') {
  // Has nothing to finish, and is done at once.
  const beside = fastify();
  await beside.register(provider, { shedding: false });
  await serve(beside, { lingerMs: 0 });
}
process.send?.(service.origin);
