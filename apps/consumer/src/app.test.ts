import { createBalancer } from '@lb/balancer';
import { hash } from '@lb/common';
import { discover } from '@lb/registry';
import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';

import { buildApp } from './app.ts';
import { readConfig } from './config.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A consumer with one provider for each of `statuses`, which answers with that and with `body`. */
async function consumer(body: string, ...statuses: number[]): ReturnType<typeof buildApp> {
  const origins: string[] = [];
  for (const status of statuses) {
    const server = createServer((_request, response) => response.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    const address = server.address();
    if (typeof address === 'object' && address !== null) origins.push(`http://127.0.0.1:${address.port}`);
  }
  const config = readConfig({ LOG_LEVEL: 'silent' });
  const balancer = createBalancer({ service: 'hash', discovery: origins });
  return buildApp(config, balancer, discover({ hosts: '127.0.0.1:1', service: 'hash' }));
}

const reply = (text: string): string =>
  JSON.stringify({
    hash: hash({ text, algorithm: 'sha256', rounds: 1 }),
    algorithm: 'sha256',
    rounds: 1,
    provider: 'p',
  });

it('passes on what a provider answers, once it has checked it', async () => {
  const app = await consumer(reply('hello'), 200);
  expect((await app.inject('/hash?text=hello')).json()).toEqual(JSON.parse(reply('hello')));
  expect((await app.inject({ method: 'POST', url: '/hash', payload: { text: 'hello' } })).statusCode).toBe(200);
});

it.each([
  ['a hash of something else', 200, reply('other')],
  ['an answer that is none', 200, '{"hash":1}'],
  ['no JSON', 200, 'oops'],
  ['an error', 500, ''],
])('answers 502 when the provider gives %s', async (_what, status, body) => {
  expect((await (await consumer(body, status)).inject('/hash?text=hello')).statusCode).toBe(502);
});

it('asks another provider when one fails', async () => {
  const app = await consumer(reply('hello'), 200, 503);
  const answers = await Promise.all(Array.from({ length: 10 }, () => app.inject('/hash?text=hello')));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
});

it('answers 503 and when to come back while there is no provider, and is not ready', async () => {
  const app = await consumer('');
  const answer = await app.inject('/hash?text=hello');
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
  expect((await app.inject('/readyz')).statusCode).toBe(503);
  expect((await app.inject('/livez')).statusCode).toBe(200);
});

it('shows each provider with its share, and how the registry is', async () => {
  const app = await consumer(reply('hello'), 200);
  await app.inject('/hash?text=hello');
  expect((await app.inject('/lb/state.json')).json()).toMatchObject({
    service: 'hash',
    policy: 'p2cLatency',
    registry: { revision: -1, stale: 'connecting' },
    traffic: { total: 1, failedTotal: 0 },
    peers: [{ state: 'serving', weight: 1, weightShare: 1, share: 1, inFlight: 0, limit: 64, count: 1, failed: 0 }],
  });
});
