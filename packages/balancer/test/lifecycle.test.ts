/** What is there before the first request and after the last. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import type { Endpoint } from '@lb/core';
import { describe, expect, it } from 'vitest';

import { channels, createBalancer } from '../src/index.ts';
import type { HttpProvider } from './support/http-provider.ts';
import { after, balance, provider } from './support/setup.ts';
import { Snapshots } from './support/snapshots.ts';

/** What keeps a process alive, but for sockets: those of the providers, which live in this process, too, take their time to close. */
const timers = (): string[] =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate');

/** All sockets that undici connects from now on. */
function connected(): Socket[] {
  const sockets: Socket[] = [];
  const add = (message: unknown): void => {
    if (typeof message === 'object' && message !== null && 'socket' in message && message.socket instanceof Socket) {
      sockets.push(message.socket);
    }
  };
  subscribe('undici:client:connected', add);
  after(() => void unsubscribe('undici:client:connected', add));
  return sockets;
}

/** The code that it was rejected with, or `done`. */
function codeOf(result: PromiseSettledResult<unknown>): unknown {
  if (result.status === 'fulfilled') return 'done';
  return result.reason instanceof Error && 'code' in result.reason ? result.reason.code : result.reason;
}

describe('a request that came before the first snapshot', () => {
  it('goes only to peers with its tags', async () => {
    const old = await provider('old', undefined, { metadata: { version: '1' } });
    const canary = await provider('canary', undefined, { metadata: { version: '2' } });
    const snapshots = new Snapshots();
    const balancer = balance({ over: snapshots });
    const requests = Array.from({ length: 8 }, () => balancer.request('/', { lb: { tags: { version: '2' } } }));
    snapshots.put(old.endpoint, canary.endpoint);
    const answers = await Promise.all(requests.map(async (request) => (await request).body.text()));
    expect(new Set(answers)).toEqual(new Set(['canary']));
  });
});

describe('after close', () => {
  it('nothing is left: no connection, no timer, no listener', async () => {
    const good = await provider('good');
    const slow = await provider('slow', (_request, response) => void setTimeout(() => response.end('slow'), 60));
    const bad = await provider('bad', (_request, response) => response.destroy());
    const sockets = connected();
    const balancer = createBalancer({
      service: 'hash',
      discovery: [good.endpoint, slow.endpoint, bad.endpoint],
      attemptTimeoutMs: 30,
      hedge: { minSamples: 10 },
    });
    const caller = new AbortController();
    let listeners = 0;
    const { signal } = caller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const aborted = index % 10 === 0 ? AbortSignal.timeout(10) : signal;
        const answer = balancer.request('/', { signal: aborted }).then(({ body }) => body.text());
        await answer.catch(() => {});
      }),
    );
    await balancer.close();
    // Not by a poll, which has a timer of its own.
    while (timers().length > 0) await wait(5);
    expect(sockets.length).toBeGreaterThan(0);
    await expect.poll(() => sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
    expect(balancer.stats).toMatchObject({ inFlight: 0, queued: 0 });
    expect(listeners).toBe(0);
    expect([...balancer.pool.peers].map(({ load }) => load.inFlight)).toEqual([0, 0, 0]);
  });

  it('requests are refused', async () => {
    const balancer = balance({ over: [await provider('only')] });
    await balancer.close();
    await expect(balancer.request('/')).rejects.toMatchObject({ code: 'ERR_BALANCER_CLOSED', service: 'hash' });
    await expect(balancer.fetch('/')).rejects.toMatchObject({ cause: { code: 'ERR_BALANCER_CLOSED' } });
    await balancer.close();
  });
});

describe('close', () => {
  it('closes the discovery, which would keep the process alive', async () => {
    let closed = false;
    const discovery = {
      async *[Symbol.asyncIterator]() {
        yield { revision: 1, endpoints: [] };
      },
      close: async () => {
        closed = true;
      },
    };
    const balancer = createBalancer({ service: 'hash', discovery });
    await balancer.close();
    expect(closed).toBe(true);
  });

  it('lets what is under way finish, with the retries that it needs', async () => {
    let asked = 0;
    const closing = Promise.withResolvers<void>();
    const failing = (_request: unknown, response: { destroy(): void; end(text: string): void }): void => {
      asked += 1;
      if (asked === 1) void closing.promise.then(() => response.destroy());
      else response.end('well');
    };
    const balancer = balance({ over: [await provider('a', failing), await provider('b', failing)] });
    const answer = balancer.request('/').then(({ body }) => body.text());
    await expect.poll(() => asked).toBeGreaterThan(0);
    const closed = balancer.close();
    closing.resolve();
    expect(await answer).toBe('well');
    await closed;
    expect(asked).toBe(2);
  });

  it('gives up on what takes too long, answers that are being read included', async () => {
    const hanging = await provider('hanging', (request, response) => {
      if (request.url === '/begun') response.write('begun');
    });
    const balancer = balance({ over: [hanging], drainTimeoutMs: 50, attemptTimeoutMs: 0 });
    const { body } = await balancer.request('/begun');
    const begun = body.text();
    const waiting = balancer.request('/');
    await expect.poll(() => hanging.asked.length).toBe(2);
    const results = await Promise.allSettled([begun, waiting, balancer.close()]);
    expect(results.map(codeOf)).toEqual(['ERR_BALANCER_CLOSED', 'ERR_BALANCER_CLOSED', 'done']);
  });

  it('can be forced, with a reason', async () => {
    const hanging = await provider('hanging', () => {});
    const balancer = balance({ over: [hanging] });
    const waiting = balancer.request('/');
    await expect.poll(() => hanging.asked.length).toBe(1);
    const closed = balancer.dispatcher.destroy(new Error('now'));
    await expect(waiting).rejects.toThrow('now');
    await closed;
    await expect.poll(() => hanging.open()).toBe(0);
  });

  it('ends with the block that the balancer is declared in', async () => {
    const only = await provider('only');
    const discovery = new Snapshots();
    {
      await using balancer = createBalancer({ service: 'hash', discovery });
      discovery.put(only.endpoint);
      await (await balancer.request('/')).body.dump();
    }
    expect(discovery.ended).toBe(true);
  });
});

describe('the queue', () => {
  it('keeps sockets and waiting requests within bounds when a provider hangs', async () => {
    const hanging = await provider('hanging', () => {});
    const balancer = balance({ over: [hanging], timeoutMs: 5000, maxInFlight: 1000 });
    const asking = Promise.allSettled(Array.from({ length: 600 }, () => balancer.request('/', { method: 'POST' })));
    await expect.poll(() => hanging.open()).toBe(64);
    expect(balancer.stats).toMatchObject({ inFlight: 192, queued: 128 });
    const results = await asking;
    const codes = Map.groupBy(results, codeOf);
    expect([codes.get('ERR_DEADLINE')?.length, codes.get('ERR_OVERFLOW')?.length]).toEqual([64 + 128, 600 - 64 - 128]);
    await expect.poll(() => hanging.open()).toBe(0);
  });

  it('refuses what is beyond all that the client takes on', async () => {
    const hanging = await provider('hanging', () => {});
    const told: unknown[] = [];
    after(channels.overflow.subscribe(({ limit, value }) => told.push([limit, value])));
    const balancer = balance({ over: [hanging], timeoutMs: 50, maxInFlight: 2 });
    const results = await Promise.allSettled(
      Array.from({ length: 3 }, () => balancer.request('/', { method: 'POST' })),
    );
    expect(results[2]).toMatchObject({ reason: { code: 'ERR_OVERFLOW', limit: 'maxInFlight', value: 2 } });
    expect(told).toEqual([['maxInFlight', 2]]);
  });

  it('has nothing left to wait for when a provider of 200 slots is given as many connections', async () => {
    const held: ServerResponse[] = [];
    const wide = await provider('wide', (_request, response) => {
      // Answers nobody until all are there.
      if (held.push(response) === 200) for (const one of held) one.end();
    });
    // However long a busy machine takes for that.
    const patience = { connectTimeoutMs: 60_000, attemptTimeoutMs: 0, timeoutMs: 0 };
    const balancer = balance({ over: [wide], connectionsPerPeer: 200, ...patience });
    const answers = Array.from({ length: 200 }, async () => (await balancer.request('/')).body.dump());
    await Promise.all(answers);
    expect(held).toHaveLength(200);
  });
});

it('keeps the peers that vanish in numbers, and uses them when there are too few', async () => {
  const all: HttpProvider[] = [];
  for (const id of ['a', 'b', 'c', 'd']) all.push(await provider(id));
  const discovery = new Snapshots();
  const balancer = balance({ over: discovery });
  discovery.put(...all.map(({ endpoint }) => endpoint));
  await (await balancer.request('/')).body.dump();
  // A registry that has forgotten everybody.
  discovery.put();
  await expect.poll(() => balancer.pool.revision).toBe(2);
  expect(balancer.pool.status(performance.now()).suspects).toBeGreaterThanOrEqual(2);
  expect((await balancer.request('/')).statusCode).toBe(200);

  const trusting = new Snapshots();
  const other = balance({ over: trusting, suspicion: false });
  trusting.put(...all.map(({ endpoint }): Endpoint => endpoint));
  await (await other.request('/')).body.dump();
  trusting.put();
  await expect.poll(() => other.pool.size).toBe(0);
  await expect(other.request('/')).rejects.toMatchObject({ code: 'ERR_NO_ENDPOINT' });
});
