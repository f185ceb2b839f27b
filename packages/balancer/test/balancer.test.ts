import type { ServerResponse } from 'node:http';

import { policies } from '@lb/core';
import { fetch } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';

import { type Balancer, channels, createBalancer } from '../src/index.ts';
import { HttpProvider } from './support/http-provider.ts';
import { Snapshots } from './support/snapshots.ts';

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

async function provider(...args: Parameters<typeof HttpProvider.start>): Promise<HttpProvider> {
  const started = await HttpProvider.start(...args);
  cleanUp.push(() => started.stop());
  return started;
}

function balance(
  options: Partial<Parameters<typeof createBalancer>[0]> & { discovery: Snapshots | readonly string[] },
): Balancer {
  const balancer = createBalancer({ service: 'hash', drainTimeoutMs: 1000, ...options });
  cleanUp.push(() => balancer.close());
  return balancer;
}

const text = async (balancer: Balancer, path = '/'): Promise<string> => (await balancer.fetch(path)).text();

describe('a request', () => {
  it('reaches a provider by fetch, by request and by any undici call that takes a dispatcher', async () => {
    const echo = await provider('echo', (request, response) => {
      response.setHeader('x-method', request.method ?? '');
      request.pipe(response);
    });
    const balancer = balance({ discovery: [echo.endpoint.origin] });

    const fetched = await balancer.fetch('/a?b=c', { method: 'POST', body: 'hello' });
    expect([fetched.status, fetched.headers.get('x-method'), await fetched.text()]).toEqual([200, 'POST', 'hello']);
    const requested = await balancer.request('/d', { method: 'PUT', body: 'there' });
    expect([requested.statusCode, await requested.body.text()]).toEqual([200, 'there']);
    const plain = await fetch('http://hash/e', { dispatcher: balancer.dispatcher });
    expect(plain.status).toBe(200);
    expect(echo.asked).toEqual(['POST /a?b=c', 'PUT /d', 'GET /e']);
  });

  it('goes to each provider in proportion to its weight', async () => {
    const providers = [
      await provider('small', undefined, { weight: 1 }),
      await provider('medium', undefined, { weight: 2 }),
      await provider('large', undefined, { weight: 3 }),
    ];
    const discovery = new Snapshots();
    const balancer = balance({ discovery, policy: policies.p2c() });
    discovery.put(...providers.map(({ endpoint }) => endpoint));
    for (let count = 0; count < 600; count += 1) await text(balancer);
    // One at a time the draw alone decides; its standard deviations are 9, 12 and 12.
    expect(providers.map(({ asked }) => asked.length)).toEqual([
      expect.toSatisfy((count: number) => Math.abs(count - 100) < 45),
      expect.toSatisfy((count: number) => Math.abs(count - 200) < 60),
      expect.toSatisfy((count: number) => Math.abs(count - 300) < 60),
    ]);
  });

  it.each(['//evil.example/x', '/\\evil.example/x', 'http://evil.example/x', 'x', '', '@evil.example/'])(
    'never leaves the service by a path such as %j',
    async (path) => {
      const only = await provider('only');
      const balancer = balance({ discovery: [only.endpoint.origin] });
      await expect(balancer.fetch(path)).rejects.toMatchObject({ code: 'ERR_INVALID_TARGET' });
      await expect(balancer.request(path)).rejects.toMatchObject({ code: 'ERR_INVALID_TARGET' });
      expect(only.asked).toEqual([]);
    },
  );

  it('waits for the first snapshot', async () => {
    const late = await provider('late');
    const discovery = new Snapshots();
    const balancer = balance({ discovery });
    const answer = text(balancer);
    discovery.put(late.endpoint);
    expect(await answer).toBe('late');
  });

  it('fails with NoEndpointError when the first snapshot does not come in time, or is empty', async () => {
    const never = balance({ discovery: new Snapshots(), startTimeoutMs: 1 });
    await expect(never.request('/')).rejects.toMatchObject({ code: 'ERR_NO_ENDPOINT', reason: 'empty', revision: -1 });
    const empty = balance({ discovery: [] });
    await expect(empty.request('/')).rejects.toMatchObject({ code: 'ERR_NO_ENDPOINT', reason: 'empty', revision: 0 });
  });

  it('counts as in flight on its peer until its answer has been read, and is published then', async () => {
    const answers: ServerResponse[] = [];
    const slow = await provider('slow', (_request, response) => {
      answers.push(response);
      response.write('first');
    });
    const balancer = balance({ discovery: [slow.endpoint.origin] });
    const outcomes: unknown[] = [];
    cleanUp.push(async () => unsubscribe());
    const unsubscribe = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));

    const response = await balancer.request('/');
    const [peer] = balancer.pool.peers;
    expect([peer?.load.inFlight, outcomes]).toEqual([1, []]);
    answers[0]?.end();
    expect(await response.body.text()).toBe('first');
    expect([peer?.load.inFlight, outcomes]).toEqual([0, ['success']]);
  });

  it.each([
    { what: 'a broken connection', answer: (response: ServerResponse) => response.destroy(), reason: 'reset' },
    { what: 'a bad status', answer: (response: ServerResponse) => response.writeHead(500).end(), reason: 'status' },
  ])('is a failure of its peer after $what', async ({ answer, reason }) => {
    const bad = await provider('bad', (_request, response) => void answer(response));
    const balancer = balance({ discovery: [bad.endpoint.origin] });
    const outcomes: unknown[] = [];
    const unsubscribe = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome));
    cleanUp.push(async () => unsubscribe());
    await balancer.request('/', { lb: { attempts: 1 } }).then(
      ({ body }) => body.dump(),
      () => {},
    );
    expect(outcomes).toEqual([{ kind: 'failure', reason }]);
  });

  it('says nothing of its peer when the caller goes away', async () => {
    const silent = await provider('silent', () => {});
    const balancer = balance({ discovery: [silent.endpoint.origin] });
    const outcomes: unknown[] = [];
    const unsubscribe = channels.attempt.subscribe(({ outcome }) => outcomes.push(outcome.kind));
    cleanUp.push(async () => unsubscribe());
    await expect.poll(() => balancer.pool.size).toBe(1);
    const caller = new AbortController();
    const answer = balancer.request('/', { signal: caller.signal });
    caller.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    expect(outcomes).toEqual(['ignored']);
  });
});

describe('a snapshot', () => {
  it('brings providers in and takes them out, while what is in flight on them finishes', async () => {
    const answers: ServerResponse[] = [];
    const leaving = await provider('leaving', (_request, response) => answers.push(response));
    const staying = await provider('staying');
    const discovery = new Snapshots();
    const balancer = balance({ discovery });
    discovery.put(leaving.endpoint);
    const inFlight = text(balancer);
    await expect.poll(() => answers.length).toBe(1);

    discovery.put(staying.endpoint);
    await expect.poll(() => balancer.pool.revision).toBe(2);
    for (let count = 0; count < 5; count += 1) expect(await text(balancer)).toBe('staying');

    answers[0]?.end('finished');
    expect(await inFlight).toBe('finished');
  });

  it('moves a provider that comes back at another address', async () => {
    const before = await provider('before');
    const after = await provider('after');
    const discovery = new Snapshots();
    const balancer = balance({ discovery });
    discovery.put({ ...before.endpoint, id: 'same' });
    expect(await text(balancer)).toBe('before');
    discovery.put({ ...after.endpoint, id: 'same' });
    await expect.poll(() => balancer.pool.revision).toBe(2);
    expect(await text(balancer)).toBe('after');
  });

  it('stays in use when the discovery fails, which is published', async () => {
    const only = await provider('only');
    const discovery = new Snapshots();
    const balancer = balance({ discovery });
    discovery.put(only.endpoint);
    await text(balancer);
    const failed = new Promise((resolve) => {
      const unsubscribe = channels.stale.subscribe(({ error }) => resolve(error));
      cleanUp.push(async () => unsubscribe());
    });
    discovery.fail(new Error('no registry'));
    expect(await failed).toHaveProperty('message', 'no registry');
    expect(await text(balancer)).toBe('only');
  });
});

describe('close', () => {
  it('lets what is in flight finish, refuses the rest, and ends the discovery', async () => {
    const answers: ServerResponse[] = [];
    const only = await provider('only', (_request, response) => answers.push(response));
    const discovery = new Snapshots();
    const balancer = balance({ discovery });
    discovery.put(only.endpoint);
    const inFlight = text(balancer);
    await expect.poll(() => answers.length).toBe(1);

    const closed = balancer.close();
    await expect(balancer.request('/')).rejects.toMatchObject({ code: 'ERR_BALANCER_CLOSED', service: 'hash' });
    answers[0]?.end('finished');
    expect(await inFlight).toBe('finished');
    await closed;
    expect(discovery.ended).toBe(true);
  });

  it('gives up on what does not finish in time', async () => {
    const hanging = await provider('hanging', () => {});
    const balancer = balance({ discovery: [hanging.endpoint.origin], drainTimeoutMs: 20 });
    const inFlight = text(balancer);
    await expect.poll(() => hanging.asked.length).toBe(1);
    const [failed] = await Promise.allSettled([inFlight, balancer.close()]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'fetch failed' } });
  });
});

it.each([
  { option: 'service', value: 'a/b' },
  { option: 'connectionsPerPeer', value: 0 },
  { option: 'connectTimeoutMs', value: NaN },
  { option: 'startTimeoutMs', value: -1 },
  { option: 'drainTimeoutMs', value: Infinity },
])('refuses $value as $option', ({ option, value }) => {
  expect(() => createBalancer({ service: 'hash', discovery: [], [option]: value })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }),
  );
});
