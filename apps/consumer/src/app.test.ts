import { hash } from '@lb/common';
import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';

import { buildApp } from './app.ts';
import { readConfig } from './config.ts';

// A busy machine must not make it refuse anything.
const config = readConfig({
  LOG_LEVEL: 'silent',
  MAX_EVENT_LOOP_DELAY_MS: '0',
  ETCD_HOSTS: '127.0.0.1:1',
  LB_ON_DEMAND: 'other',
});
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
  return buildApp(config, { discovery: () => origins });
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

it.each([
  [503, 503],
  [504, 504],
])('answers %i when that is what every provider says', async (status, answered) => {
  const app = await consumer('', status);
  expect((await app.inject('/hash?text=hello')).statusCode).toBe(answered);
});

it('passes requests on to the services that it may', async () => {
  const app = await consumer(reply('hello'), 200);
  const answer = await app.inject('/svc/other/hash?text=hello');
  expect([answer.statusCode, answer.body]).toEqual([200, reply('hello')]);
  expect((await app.inject('/svc/hash/hash?text=hello')).statusCode).toBe(200);
  expect((await app.inject('/svc/secret/hash?text=hello')).statusCode).toBe(404);
});

it('shows what it knows, which is little while the registry is away', async () => {
  const app = await buildApp(config);
  expect((await app.inject('/lb/state.json')).json()).toMatchObject({
    service: 'hash',
    registry: { revision: -1, stale: 'connecting' },
    peers: [],
  });
  await app.close();
});

it('describes itself, and says what it does in metrics', async () => {
  const app = await consumer(reply('hello'), 200);
  await app.inject('/hash?text=hello');
  const { paths } = (await app.inject('/docs/json')).json<{ paths: Record<string, unknown> }>();
  expect(Object.keys(paths)).toContain('/hash');
  const docs = await app.inject('/docs/');
  expect(docs.body).toContain('swagger-ui');
  // All of it comes from here.
  expect(docs.body).not.toMatch(/(src|href)="https?:/);
  const metrics = (await app.inject('/metrics')).body;
  for (const line of [
    'lb_requests_total{service="hash",result="ok"} 1',
    'lb_service_ready 1',
    'lb_peers{service="hash",state="serving"} 1',
    'process_cpu_seconds_total',
  ]) {
    expect(metrics).toContain(line);
  }
  await app.close();
});

it('says how well it follows the registry', async () => {
  const app = await buildApp(config);
  const metrics = (await app.inject('/metrics')).body;
  expect(metrics).toContain('lb_registry_current{service="hash"} 0');
  expect(metrics).toContain('lb_registry_invalid_total{service="hash"} 0');
  await app.close();
});
