/** Providers that fail in the ways that providers do, on real sockets, and what the caller sees of it. */
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

import { policies } from '@lb/core';
import { Pool } from 'undici';
import { describe, expect, it } from 'vitest';

import { channels } from '../src/index.ts';
import type { Answer, HttpProvider } from './support/http-provider.ts';
import { RawProvider } from './support/raw-provider.ts';
import { after, balance, provider } from './support/setup.ts';
import { Snapshots } from './support/snapshots.ts';

const good = (id: string): Promise<HttpProvider> => provider(id);
const bad = (id: string, answer: Answer): Promise<HttpProvider> => provider(id, answer);
/** Providers in turn, so that each test meets the bad one. */
const inTurn = { policy: policies.roundRobin() };

/** An address at which nobody listens. */
async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

async function statuses(count: number, ask: () => Promise<{ statusCode: number; body: { text(): Promise<string> } }>) {
  const found = new Map<number | string, number>();
  for (let request = 0; request < count; request += 1) {
    const status = await ask().then(
      async ({ statusCode, body }) => (await body.text(), statusCode),
      (error: Error & { code?: string }) => error.code ?? error.message,
    );
    found.set(status, (found.get(status) ?? 0) + 1);
  }
  return Object.fromEntries(found);
}

describe('nobody notices a provider', () => {
  it('at whose address nobody listens, whatever the method', async () => {
    const balancer = balance({
      over: [(await good('a')).endpoint, await nobody(), (await good('b')).endpoint],
      ...inTurn,
    });
    const post = () => balancer.request('/', { method: 'POST', body: 'x' });
    expect(await statuses(9, post)).toEqual({ 200: 9 });
    const streamed = () => balancer.request('/', { method: 'POST', body: Readable.from(['x']) });
    expect(await statuses(9, streamed)).toEqual({ 200: 9 });
  });

  it.each<[string, Answer, attemptTimeoutMs?: number]>([
    ['breaks connections', (_request, response) => response.destroy()],
    ['answers 503', (_request, response) => response.writeHead(503).end('no')],
    ['breaks off in the head', (_request, { socket }) => socket?.end('HTTP/1.1 200 OK\r\ncontent-')],
    ['does not answer', () => {}, 500],
    ['talks nonsense', (_request, { socket }) => socket?.end('220 smtp.example ESMTP\r\n\r\n')],
  ])('that %s, for requests that may be repeated', async (_what, answer, attemptTimeoutMs = 60_000) => {
    const balancer = balance({ over: [await good('a'), await bad('b', answer)], attemptTimeoutMs, ...inTurn });
    expect(await statuses(10, () => balancer.request('/'))).toEqual({ 200: 10 });
    expect(await statuses(10, () => balancer.request('/', { method: 'PUT', body: 'x' }))).toEqual({ 200: 10 });
  });

  it('that says before it begins that it drains or has too much to do, whatever the method', async () => {
    for (const nack of ['draining', 'overload']) {
      const full = await bad('full', (request, response) => {
        request.resume();
        response.writeHead(503, { 'x-lb-nack': nack }).end();
      });
      const balancer = balance({ over: [await good('a'), full], ...inTurn });
      expect(await statuses(6, () => balancer.request('/', { method: 'POST', body: 'x' }))).toEqual({ 200: 6 });
      expect(await statuses(6, () => balancer.request('/', { method: 'POST', body: Readable.from(['x']) }))).toEqual({
        200: 6,
      });
    }
  });
});

it('lets a request go on in whose place another one ends, with an answer of its own that it does not want', async () => {
  // Of three requests the first takes its time, the second is refused and the third takes the place of the second and hangs. So the
  // second waits for the end of the first, and goes on, dropping what refused it, while the answer of the first is being read.
  let refusals = 0;
  const steady = await provider('steady', (_request, response) => void setTimeout(() => response.end('steady'), 80));
  const refusing = await bad('refusing', (_request, response) => {
    refusals += 1;
    if (refusals === 1) response.writeHead(503).end('no'.repeat(1000));
  });
  const errors: unknown[] = [];
  after(channels.request.subscribe(({ error }) => void (error && errors.push(error))));
  const balancer = balance({ over: [steady, refusing], connectionsPerPeer: 1, attemptTimeoutMs: 1000, ...inTurn });
  const all = await Promise.all([1, 2, 3].map(() => balancer.request('/').then(({ body }) => body.text())));
  expect(all).toEqual(['steady', 'steady', 'steady']);
  expect([errors, balancer.stats.inFlight]).toEqual([[], 0]);
});

describe('a request that must not be repeated', () => {
  it('fails once where it may have been carried out', async () => {
    const asked: string[] = [];
    const breaking = await bad('breaking', (request, response) => {
      asked.push(String(request.method));
      response.destroy();
    });
    const balancer = balance({ over: [breaking, await good('a')], ...inTurn });
    expect(await statuses(4, () => balancer.request('/', { method: 'POST', body: 'x' }))).toEqual({
      200: 2,
      ERR_ATTEMPTS_FAILED: 2,
    });
    expect(asked).toEqual(['POST', 'POST']);
  });

  it('may be, if the caller says so', async () => {
    const breaking = await bad('breaking', (_request, response) => response.destroy());
    const balancer = balance({ over: [breaking, await good('a')], ...inTurn });
    const lb = { idempotent: true };
    expect(await statuses(4, () => balancer.request('/', { method: 'POST', body: 'x', lb }))).toEqual({ 200: 4 });
  });
});

it('leaves a peer at once that says in any answer that it drains', async () => {
  const draining = await bad('draining', (_request, response) => {
    response.writeHead(200, { 'x-lb-draining': '1', connection: 'close' }).end('draining');
  });
  const staying = await good('staying');
  const drained: string[] = [];
  after(channels.drain.subscribe(({ peer }) => drained.push(peer.id)));
  const discovery = new Snapshots();
  const balancer = balance({ over: discovery, ...inTurn });
  discovery.put(draining.endpoint, staying.endpoint);
  expect(await statuses(10, () => balancer.request('/'))).toEqual({ 200: 10 });
  // A watch that lags repeats the old news.
  discovery.put(draining.endpoint, staying.endpoint);
  await expect.poll(() => balancer.pool.revision).toBe(2);
  expect(await statuses(10, () => balancer.request('/'))).toEqual({ 200: 10 });
  expect([draining.asked.length, drained]).toEqual([1, ['draining']]);
  // When nobody else is left it is asked nevertheless: it still serves.
  discovery.put(draining.endpoint);
  await expect.poll(() => balancer.pool.size).toBe(1);
  expect(await (await balancer.request('/')).body.text()).toBe('draining');
});

it('ejects a peer that fails, tells so, and takes it back', async () => {
  let broken = true;
  const flaky = await bad('flaky', (_request, response) => {
    if (broken) response.destroy();
    else response.end('well');
  });
  const told: string[] = [];
  after(channels.eject.subscribe(({ peer, ejection }) => told.push(`${peer.id} out: ${ejection.reason}`)));
  after(channels.restore.subscribe(({ peer }) => told.push(`${peer.id} back`)));
  const balancer = balance({
    over: [flaky, await good('a'), await good('b')],
    ejection: { baseMs: 30, jitter: 0 },
    ...inTurn,
  });
  expect(await statuses(30, () => balancer.request('/'))).toEqual({ 200: 30 });
  expect(new Set(told)).toEqual(new Set(['flaky out: consecutive-local']));
  broken = false;
  await expect.poll(async () => (await statuses(1, () => balancer.request('/')), told.at(-1))).toBe('flaky back');
});

describe('when all providers fail', () => {
  it('they are asked at most a fifth more often than by their callers', async () => {
    const all: HttpProvider[] = [];
    for (const id of ['a', 'b', 'c', 'd'])
      all.push(await bad(id, (_request, response) => response.writeHead(503).end()));
    const balancer = balance({ over: all, retry: { budget: { capacity: 20 }, backoff: { baseMs: 0 } } });
    const startedAt = performance.now();
    expect(await statuses(400, () => balancer.request('/'))).toEqual({ 503: 400 });
    const seconds = (performance.now() - startedAt) / 1000;
    const asked = all.reduce((sum, { asked: urls }) => sum + urls.length, 0);
    expect(asked - 400).toBeLessThanOrEqual(0.2 * 400 + 10 * seconds + 20);
    expect(asked - 400).toBeGreaterThan(0.2 * 400);
  });

  it('the caller learns what became of each attempt', async () => {
    const [a, b] = [await nobody(), await nobody()];
    const balancer = balance({ over: [a, b], retry: { attempts: 2 } });
    const error: unknown = await balancer.request('/').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'ERR_ATTEMPTS_FAILED',
      service: 'hash',
      cause: { code: 'ECONNREFUSED' },
      message: expect.stringMatching(
        /^"hash" did not answer: 3 attempts, the last to http:.* \(connect: connect ECONNREFUSED/,
      ),
    });
    expect(error).toHaveProperty(
      'attempts',
      [1, 2, 3].map(() => expect.objectContaining({ failure: 'connect', statusCode: undefined })),
    );
  });
});

describe('time', () => {
  it('ends a request to a provider that hangs, and closes its connection', async () => {
    const hanging = await bad('hanging', ({ url }, response) => void (url !== '/hang' && response.end()));
    const balancer = balance({ over: [hanging], timeoutMs: 100 });
    // Connected and compiled, so that no part of the deadline has passed when the next one leaves.
    await (await balancer.request('/', { lb: { timeoutMs: 60_000 } })).body.dump();
    const request = balancer.request('/hang', { method: 'POST' });
    // On the same event loop, however busy it is.
    const late = pause(300, 'not ended');
    await expect(Promise.race([request, late])).rejects.toMatchObject({ code: 'ERR_DEADLINE', timeoutMs: 100 });
    expect(hanging.headers[1]?.['x-lb-timeout-ms']).toBe('100');
    await expect.poll(() => hanging.open()).toBe(0);
  });

  it('can be shorter or longer for one request', async () => {
    const slow = await bad('slow', (_request, response) => void setTimeout(() => response.end('done'), 60));
    const balancer = balance({ over: [slow], timeoutMs: 30, bodyTimeoutMs: 40 });
    await expect(balancer.request('/')).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    const { body } = await balancer.request('/', { lb: { timeoutMs: 60_000 } });
    expect(await body.text()).toBe('done');
    await expect(balancer.fetch('/', { lb: { timeoutMs: 20 } })).rejects.toMatchObject({
      cause: { code: 'ERR_DEADLINE' },
    });
    await expect(balancer.request('/', { lb: { timeoutMs: -1 } })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
  });

  it('ends an answer that pauses for too long', async () => {
    const stalling = await bad('stalling', (_request, response) =>
      response.writeHead(200, { 'content-length': 9 }).write('a'),
    );
    const balancer = balance({ over: [stalling], bodyTimeoutMs: 50 });
    const outcomes: unknown[] = [];
    after(channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome)));
    const { body } = await balancer.request('/');
    await expect(body.text()).rejects.toMatchObject({ code: 'UND_ERR_BODY_TIMEOUT' });
    expect(outcomes).toEqual([{ kind: 'failure', reason: 'timeout' }]);
  });

  it('is given to another attempt when one does not even connect, whatever the method', async () => {
    const unreachable = 'http://192.0.2.1';
    const balancer = balance({
      over: [unreachable, (await good('a')).endpoint],
      attemptTimeoutMs: 1000,
      // Packets to it get lost.
      connect: ({ origin }, options) =>
        new Pool(origin, origin === unreachable ? { ...options, connect: () => {} } : options),
      ...inTurn,
    });
    expect(await statuses(6, () => balancer.request('/', { method: 'POST', body: 'x' }))).toEqual({ 200: 6 });
  });
});

describe('a provider that means ill', () => {
  const answers = (answer: string): Promise<RawProvider> =>
    RawProvider.start((socket) => void socket.write(answer, 'latin1')).then((raw) => (after(() => raw.stop()), raw));

  it('cannot send more than it may', async () => {
    const endless = await bad('endless', (_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', write);
      write();
    });
    const balancer = balance({ over: [endless], maxResponseBytes: 1_000_000 });
    const { body } = await balancer.request('/');
    await expect(body.arrayBuffer()).rejects.toMatchObject({ code: 'ERR_RESPONSE_TOO_LARGE', limit: 1_000_000 });
    await expect.poll(() => endless.open()).toBe(0);
    const { body: more } = await balancer.request('/', { lb: { maxResponseBytes: 2_000_000 } });
    await expect(more.arrayBuffer()).rejects.toMatchObject({ limit: 2_000_000 });
  });

  it('cannot send endless headers', async () => {
    const raw = await answers(
      `HTTP/1.1 200 OK\r\n${'x-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(1000)}`,
    );
    const balancer = balance({ over: [raw.endpoint], retry: false });
    await expect(balancer.request('/')).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_OVERFLOW' } });
  });

  it('cannot plant the answer to the next request', async () => {
    const one = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    const raw = await answers(`${one}${one.replaceAll('ok', 'no')}`);
    const balancer = balance({ over: [raw.endpoint], retry: { attempts: 3 } });
    for (let request = 0; request < 5; request += 1) {
      const text = await balancer.request('/').then(({ body }) => body.text());
      expect(text).toBe('ok');
    }
  });

  it('cannot keep itself, or a request, away for longer than a minute', async () => {
    const raw = await answers('HTTP/1.1 503 No\r\nretry-after: 999999999\r\ncontent-length: 0\r\n\r\n');
    const balancer = balance({ over: [raw.endpoint] });
    const outcomes: unknown[] = [];
    after(channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome)));
    expect((await balancer.request('/')).statusCode).toBe(503);
    expect(outcomes).toEqual([{ kind: 'failure', reason: 'overload', retryAfterMs: 60_000 }]);
  });

  it('cannot lead a fetch elsewhere', async () => {
    const leading = await bad('leading', (request, response) => {
      const location = request.url === '/out' ? 'http://evil.example/secret' : '/in';
      if (request.url === '/in') response.end('in');
      else response.writeHead(302, { location }).end();
    });
    const balancer = balance({ over: [leading] });
    expect(await (await balancer.fetch('/within')).text()).toBe('in');
    await expect(balancer.fetch('/out')).rejects.toMatchObject({ cause: { code: 'ERR_INVALID_TARGET' } });
    expect((await balancer.fetch('/out', { redirect: 'manual' })).status).toBe(302);
    expect(leading.asked).not.toContain('GET /secret');
  });

  it('cannot reach the prototype by its headers', async () => {
    const raw = await answers('HTTP/1.1 200 OK\r\n__proto__: polluted\r\nconstructor: a\r\ncontent-length: 0\r\n\r\n');
    const balancer = balance({ over: [raw.endpoint] });
    const { headers } = await balancer.request('/');
    expect([Object.getPrototypeOf(headers), Reflect.get({}, 'polluted')]).toEqual([Object.prototype, undefined]);
  });
});
