import { createBalancer } from '@lb/balancer';
import type { Snapshot } from '@lb/core';
import type { DiscoveryStatus } from '@lb/registry';
import fastify, { type FastifyInstance } from 'fastify';
import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';

import { Operators } from './operators.ts';
import { page, type PageOptions } from './page.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const status: DiscoveryStatus = {
  service: 'hash',
  revision: 7,
  endpoints: 1,
  stale: false,
  ageMs: 5,
  epochs: {},
  events: 0,
  repairs: 0,
  keys: 1,
  unusedKeys: 0,
  invalid: 0,
  unconfirmed: false,
  overrides: undefined,
  host: 'http://127.0.0.1:2379',
};
const token = 'a-token-of-alice-1';

type Overrides = NonNullable<PageOptions['operators']>['overrides'];
/** What was asked of the registry. */
type Call = readonly [name: string, ...args: unknown[]];

/** An app with the page, and one real provider behind its balancer; others are listed at the same address. */
async function start(options: { operators?: boolean; peers?: number } = {}) {
  const server = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const snapshot: Snapshot = {
    revision: 7,
    endpoints: Array.from({ length: options.peers ?? 1 }, (_, index) => ({
      id: `p${index}`,
      origin: `http://127.0.0.${index + 1}:${port}`,
      weight: index + 1,
      state: 'serving',
      metadata: { name: `provider-${index}` },
    })),
  };
  const app = fastify();
  const calls: Call[] = [];
  const overrides: Overrides = {
    set: (...args) => Promise.resolve((calls.push(['set', ...args]), {})),
    clear: (...args) => Promise.resolve((calls.push(['clear', ...args]), undefined)),
  };
  const balancer = createBalancer({ service: 'hash', discovery: snapshot.endpoints });
  const operators = options.operators === true ? { who: new Operators({ alice: token }), overrides } : undefined;
  await app.register(page, { prefix: '/lb', balancer, discovery: { status }, operators });
  ends.push(
    () => app.close(),
    () => balancer.close(),
    () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  );
  return { app, balancer, calls };
}

const act = (app: FastifyInstance, action: object, authorization?: string) =>
  app.inject({
    method: 'POST',
    url: '/lb/actions',
    payload: action,
    headers: authorization === undefined ? {} : { authorization },
  });
const asAlice = `Bearer ${token}`;

it('serves the page and its modules from itself alone, and nothing else from the folder', async () => {
  const { app } = await start();
  const index = await app.inject('/lb/');
  expect(index.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(index.headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'/);
  expect(index.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  const script = await app.inject('/lb/assets/main.js');
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  const again = await app.inject({
    url: '/lb/assets/main.js',
    headers: { 'if-none-match': String(script.headers.etag) },
  });
  expect([again.statusCode, again.body]).toEqual([304, '']);
  expect((await app.inject('/lb')).headers.location).toBe('/lb/');
  for (const path of ['tsconfig.json', 'none.js', '..%2fpackage.json', '%2e%2e/package.json']) {
    expect((await app.inject(`/lb/assets/${path}`)).statusCode).toBe(404);
  }
});

it('is marked as no work, so that it is there when work is refused', async () => {
  const app = fastify();
  const marks: unknown[] = [];
  app.addHook('onRequest', async ({ routeOptions }) => {
    marks.push(Reflect.get(routeOptions.config, 'lb'));
  });
  const balancer = createBalancer({ service: 'hash', discovery: [] });
  await app.register(page, { prefix: '/lb', balancer, discovery: { status } });
  for (const path of ['/lb/', '/lb/assets/main.js', '/lb/state.json', '/lb/log.json']) await app.inject(path);
  expect(marks).toEqual(Array.from({ length: 4 }, () => ({ work: false })));
  await app.close();
  await balancer.close();
});

it('shows each provider with its share, how requests go, and how the registry is', async () => {
  const { app, balancer } = await start();
  await (await balancer.request('/')).body.dump();
  expect((await app.inject('/lb/state.json')).json()).toMatchObject({
    service: 'hash',
    policy: 'p2cLatency',
    tier: 'available',
    registry: { revision: 7, stale: false, ageMs: 5 },
    requests: { total: 1, failedTotal: 0, perSecond: 0.1, successShare: 1 },
    traffic: { total: 1, failedTotal: 0 },
    actions: { enabled: false, policies: [] },
    peers: [
      { id: 'p0', name: 'provider-0', state: 'serving', weight: 1, weightShare: 1, share: 1, count: 1, failed: 0 },
    ],
  });
  expect((await app.inject('/lb/log.json')).json()).toEqual([]);
  expect((await app.inject('/lb/history.json')).json()).toMatchObject({ others: expect.any(Array) });
});

it('sends the state as an event at once, and the log entries after the last one seen', async () => {
  const { app, balancer } = await start({ peers: 3 });
  const [peer] = balancer.pool.peers;
  balancer.pool.eject(peer!, 'test', performance.now());
  balancer.pool.restore(peer!, performance.now());
  await app.listen({ port: 0, host: '127.0.0.1' });
  const [ejected] = (await app.inject('/lb/log.json')).json();
  expect(ejected).toMatchObject({ kind: 'ejected', peer: 'p0' });
  const heard = await fetch(`${app.listeningOrigin}/lb/events`, { headers: { 'last-event-id': String(ejected.id) } });
  expect(heard.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const chunk of heard.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('event: state')) break;
  }
  expect(text).toMatch(/id: \d+\ndata: {.*"kind":"restored"/);
  expect(text).not.toContain('"kind":"ejected"');
  expect(JSON.parse(/event: state\ndata: (.*)/.exec(text)![1]!)).toMatchObject({ service: 'hash' });
});

it('answers HEAD for events at once', async () => {
  const { app } = await start();
  await app.listen({ port: 0, host: '127.0.0.1' });
  const heard = await fetch(`${app.listeningOrigin}/lb/events`, {
    method: 'HEAD',
    signal: AbortSignal.timeout(10_000),
  });
  expect(heard.status).toBe(404);
});

it('has no actions unless there are operators', async () => {
  const { app } = await start();
  expect((await act(app, { action: 'eject', peer: 'p0' }, asAlice)).statusCode).toBe(404);
});

it('acts for nobody without a token that it knows', async () => {
  const { app, calls } = await start({ operators: true, peers: 3 });
  const drain = { action: 'drain', peer: 'p0' };
  expect((await act(app, drain)).statusCode).toBe(401);
  expect((await act(app, drain, 'Bearer something-else-entirely')).statusCode).toBe(403);
  expect((await act(app, { nonsense: true })).statusCode).toBe(401);
  expect(calls).toEqual([]);
});

it('sets weights and drains in the registry, in the name of the operator', async () => {
  const { app, calls } = await start({ operators: true });
  const answer = await act(app, { action: 'weight', peer: 'p0', weight: 3 }, asAlice);
  expect(answer.json()).toMatchObject({
    kind: 'action',
    by: 'alice',
    text: 'alice has set the weight of provider-0 to 3',
  });
  await act(app, { action: 'weight', peer: 'p0', weight: null }, asAlice);
  await act(app, { action: 'drain', peer: 'p0' }, asAlice);
  expect(calls).toEqual([
    ['set', 'p0', { weight: 3 }, 'alice'],
    ['clear', 'p0', ['weight']],
    ['set', 'p0', { state: 'draining' }, 'alice'],
  ]);
});

it('sets a provider aside until it is restored, and leaves the last one', async () => {
  const { app, balancer } = await start({ operators: true, peers: 2 });
  expect((await act(app, { action: 'eject', peer: 'p0' }, asAlice)).statusCode).toBe(200);
  expect((await app.inject('/lb/state.json')).json().peers[0]).toMatchObject({
    state: 'ejected',
    ejection: { reason: 'operator alice', leftMs: null },
  });
  const last = await act(app, { action: 'eject', peer: 'p1' }, asAlice);
  expect([last.statusCode, last.json().message]).toEqual([409, expect.stringContaining('cannot be set aside')]);
  expect((await act(app, { action: 'restore', peer: 'p0' }, asAlice)).statusCode).toBe(200);
  expect([...balancer.pool.peers].map(({ ejection }) => ejection)).toEqual([undefined, undefined]);
  expect((await act(app, { action: 'restore', peer: 'p0' }, asAlice)).statusCode).toBe(409);
  expect((await act(app, { action: 'eject', peer: 'nobody' }, asAlice)).statusCode).toBe(404);
});

it('switches the policy, to one that needs no settings', async () => {
  const { app, balancer } = await start({ operators: true });
  expect((await act(app, { action: 'policy', policy: 'roundRobin' }, asAlice)).statusCode).toBe(200);
  expect(balancer.pool.policy.name).toBe('roundRobin');
  expect((await act(app, { action: 'policy', policy: 'prequal' }, asAlice)).statusCode).toBe(400);
  expect((await app.inject('/lb/log.json')).json().at(-1)).toMatchObject({ by: 'alice', kind: 'action' });
});
