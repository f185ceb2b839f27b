/** The connections to one peer, on real sockets. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';

import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { afterEach, expect, it } from 'vitest';

import { ClientPool, type Sender } from '../src/transport/client-pool.ts';
import type { Answer, HttpProvider } from './support/http-provider.ts';
import { after, balance, provider } from './support/setup.ts';

const most = 3;

function poolOf({ endpoint }: HttpProvider): ClientPool {
  const pool = new ClientPool(endpoint.origin, { connections: most, pipelining: 1, allowH2: false });
  after(() => pool.destroy());
  return pool;
}

interface Ask extends Partial<Dispatcher.DispatchOptions> {
  readonly abort?: boolean;
  readonly repeatable?: boolean;
}

/** Ends that nobody should have been told of. */
const further: unknown[] = [];
afterEach(() => {
  if (further.splice(0).length > 0) throw new Error('A request was told of more than one end');
});

/** Resolves with the status, or with the code of the error: as soon as a promise can tell, and before undici lets go of the connection. */
function ask(pool: ClientPool, { abort = false, repeatable = false, ...options }: Ask): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let status: number;
  let ends = 0;
  const end = (how: unknown): void => {
    ends += 1;
    if (ends > 1) further.push(how);
    resolve(how);
  };
  const sender: Sender = {
    repeatable,
    onRequestStart: (controller) => {
      if (abort) controller.abort(Object.assign(new Error('not wanted'), { code: 'ABORTED' }));
    },
    onResponseStart: (_controller, statusCode) => void (status = statusCode),
    onResponseData: () => {},
    onResponseEnd: () => {
      end(status);
      sender.onAnswered?.();
    },
    onResponseError: (_controller, error) => end('code' in error ? error.code : error),
  };
  pool.dispatch({ method: 'GET', path: '/', ...options }, sender);
  return promise;
}

/** One after the other. Resolves with how each ended. */
async function askInTurn(pool: ClientPool, requests: readonly Ask[]): Promise<unknown[]> {
  const ends: unknown[] = [];
  for (const request of requests) {
    // oxlint-disable-next-line eslint/no-await-in-loop -- in turn
    ends.push(await ask(pool, request));
  }
  return ends;
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** undici lets go of a connection one turn of the event loop after the answer's end. */
async function letGo(): Promise<void> {
  await new Promise(setImmediate);
}

/** Answers as many of `asked` as have a connection, and then the one that waited for it. */
async function answersTo(asked: readonly Promise<unknown>[], waiting: ServerResponse[]): Promise<unknown[]> {
  await expect.poll(() => waiting.length).toBe(most);
  for (const response of waiting.splice(0)) response.end();
  await expect.poll(() => waiting.length).toBe(1);
  waiting.pop()?.end();
  return Promise.all(asked);
}

/** Answers nobody before `most` wait at once. */
function together(): Answer {
  const waiting: ServerResponse[] = [];
  return (_request, response) => {
    waiting.push(response);
    if (waiting.length === most) for (const one of waiting.splice(0)) one.end();
  };
}

it('a request that undici refuses to send costs no connection', async () => {
  const pool = poolOf(await provider('p', together()));
  const refused = Array.from({ length: 10 }, () => ask(pool, { headers: { 'no token': '1' } }));
  expect(new Set(await Promise.all(refused))).toEqual(new Set(['UND_ERR_INVALID_ARG']));
  const answers = Array.from({ length: most }, () => ask(pool, {}));
  expect(await Promise.all(answers)).toEqual([200, 200, 200]);
});

it('a balancer whose callers send what may not be sent goes on', async () => {
  const balancer = balance({ over: [await provider('p')], connectionsPerPeer: 2 });
  for (let time = 0; time < 5; time += 1) {
    await expect(balancer.request('/', { headers: { 'no token': '1' } })).rejects.toThrow('invalid header key');
  }
  const { body } = await balancer.request('/');
  expect(await body.text()).toBe('p');
});

it('no request waits behind another while there is a connection, whatever became of those before', async () => {
  const waiting: ServerResponse[] = [];
  const pool = poolOf(await provider('p', (_request, response) => void waiting.push(response)));
  // Undici finds out that it cannot send this one when it has a connection for it, which it then keeps.
  const mismatched = { method: 'POST', body: 'x', headers: { 'content-length': '2' } } as const;
  expect(await ask(pool, mismatched)).toBe('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH');
  const refused = ask(pool, mismatched);
  const first = ask(pool, {});
  expect(await refused).toBe('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH');
  const second = ask(pool, {});
  await expect.poll(() => waiting.length).toBe(2);
  for (const response of waiting.splice(0)) response.end();
  expect(await Promise.all([first, second])).toEqual([200, 200]);
});

it('what is given up while it waits for a connection is not sent, and keeps nobody from closing', async () => {
  const waiting: ServerResponse[] = [];
  const one = await provider('p', (_request, response) => void waiting.push(response));
  const pool = poolOf(one);
  const answers = Array.from({ length: most }, () => ask(pool, {}));
  const told: string[] = [];
  const sender = {
    over: false,
    onRequestStart: () => void told.push('start'),
    onResponseStart: () => {},
    onResponseData: () => {},
    onResponseEnd: () => {},
    onResponseError: () => void told.push('error'),
  };
  pool.dispatch({ method: 'GET', path: '/given-up' }, sender);
  answers.push(ask(pool, {}));
  pool.dispatch({ method: 'GET', path: '/given-up' }, sender);
  sender.over = true;
  const closed = pool.close();
  expect(await answersTo(answers, waiting)).toEqual([200, 200, 200, 200]);
  await closed;
  expect([told, new Set(one.asked)]).toEqual([[], new Set(['GET /'])]);
});

it('a request that is given up before it is sent costs no connection', async () => {
  const one = await provider('p');
  const balancer = balance({ over: [one], connectionsPerPeer: 1 });
  const request = async (aborted: boolean): Promise<unknown> => {
    const leaving = new AbortController();
    const asked = balancer.request('/', { signal: leaving.signal }).then(
      ({ body }) => body.text(),
      ({ code }: { code?: string }) => code,
    );
    if (aborted) leaving.abort(Object.assign(new Error('gone'), { code: 'GONE' }));
    return asked;
  };
  // While the connection is made, when it was made but not used yet, and before it is used again.
  expect([await request(true), await request(true), await request(false), await request(true)]).toEqual([
    'GONE',
    'GONE',
    'p',
    'GONE',
  ]);
  expect(await request(false)).toBe('p');
  expect([one.connections, one.asked.length]).toEqual([1, 2]);
});

it('a caller that throws when it is told of an error costs the others nothing', async () => {
  const balancer = balance({ over: [await provider('p')], connectionsPerPeer: 2 });
  const thrown: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error.message));
  after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  });
  for (let time = 0; time < 3; time += 1) {
    balancer.dispatcher.dispatch(
      { method: 'GET', path: '/', headers: { 'no token': '1' } },
      {
        onRequestStart: () => {},
        onResponseError: () => {
          throw new Error('mine');
        },
      },
    );
  }
  await expect.poll(() => thrown).toEqual(['mine', 'mine', 'mine']);
  const { body } = await balancer.request('/', { lb: { timeoutMs: 5000 } });
  expect(await body.text()).toBe('p');
});

it('the connection that was used last is used first', async () => {
  const answer = together();
  const ports = new Set<unknown>();
  const one = await provider('p', (request, response) => {
    if (request.url === '/all') return answer(request, response);
    ports.add(request.socket.remotePort);
    response.end();
  });
  const pool = poolOf(one);
  await Promise.all(Array.from({ length: most }, () => ask(pool, { path: '/all' })));
  for (let time = 0; time < 5; time += 1) {
    await letGo();
    expect(await ask(pool, {})).toBe(200);
  }
  expect([ports.size, one.connections]).toEqual([1, most]);
});

it('a request that may be sent twice takes the connection of the answer that has just ended', async () => {
  const one = await provider('p');
  expect(await askInTurn(poolOf(one), times(5, { repeatable: true }))).toEqual(times(5, 200));
  expect(one.connections).toBe(1);
});

it('so do the requests of a balancer, by their methods', async () => {
  const [reading, writing] = [await provider('p'), await provider('q')];
  const inTurn = async (one: HttpProvider, method: 'GET' | 'POST'): Promise<void> => {
    const { dispatcher } = balance({ over: [one] });
    for (let time = 0; time < 5; time += 1) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      dispatcher.dispatch(
        { method, path: '/' },
        {
          onRequestStart: () => {},
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, error) => reject(error),
        },
      );
      // oxlint-disable-next-line eslint/no-await-in-loop -- in turn
      await promise;
    }
  };
  await inTurn(reading, 'GET');
  await inTurn(writing, 'POST');
  expect([reading.connections, writing.connections]).toEqual([1, 2]);
});

it('one that may not be sent twice takes a connection that has rested, or waits until one has', async () => {
  const one = await provider('p');
  expect(await askInTurn(poolOf(one), times(9, {}))).toEqual(times(9, 200));
  expect(one.connections).toBe(2);

  const narrow = new ClientPool(one.endpoint.origin, { connections: 1, pipelining: 1, allowH2: false });
  after(() => narrow.destroy());
  await ask(narrow, { repeatable: true });
  const answers = [ask(narrow, { path: '/once' }), ask(narrow, { path: '/twice', repeatable: true })];
  expect(await Promise.all(answers)).toEqual([200, 200]);
  expect([one.asked.slice(-2), one.connections]).toEqual([['GET /once', 'GET /twice'], 3]);
});

it('a peer that closes connections it had said it would keep costs one request', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const pool = new ClientPool(`http://127.0.0.1:${port}`, { connections: most, pipelining: 1, allowH2: false });
  after(() => pool.destroy());
  const ends = await askInTurn(pool, times(50, { repeatable: true }));
  expect(ends.filter((end) => end !== 200).length).toBeLessThanOrEqual(1);
  expect(connections).toBeGreaterThanOrEqual(49);
});

it('a connection that there is comes before one that has to be made', async () => {
  const answer = together();
  const one = await provider('p', (request, response) => {
    if (request.url === '/all') answer(request, response);
    else if (request.url === '/reset') request.socket.resetAndDestroy();
    else response.end();
  });
  const pool = poolOf(one);
  await Promise.all(Array.from({ length: most }, () => ask(pool, { path: '/all' })));
  await letGo();
  await ask(pool, { path: '/reset' });
  await letGo();
  expect(await ask(pool, {})).toBe(200);
  expect(one.connections).toBe(most);
});

it('what finds all of them busy waits for one, and goes on in the context that it came in', async () => {
  const waiting: ServerResponse[] = [];
  const one = await provider('p', (_request, response) => void waiting.push(response));
  const pool = poolOf(one);
  const storage = new AsyncLocalStorage<number>();
  const seen: unknown[] = [];
  // Where tracers begin their spans.
  const see = (): void => void seen.push(storage.getStore());
  subscribe('undici:request:create', see);
  after(() => void unsubscribe('undici:request:create', see));
  const answers = Array.from({ length: most + 2 }, (_, number) =>
    storage.run(
      number,
      () =>
        new Promise<void>((resolve) => {
          pool.dispatch(
            { method: 'GET', path: '/' },
            {
              onRequestStart: () => {},
              onResponseStart: () => {},
              onResponseData: () => {},
              onResponseEnd: () => resolve(),
              onResponseError: () => {},
            },
          );
        }),
    ),
  );
  await expect.poll(() => waiting.length).toBe(most);
  while (waiting.length > 0) {
    for (const response of waiting.splice(0)) response.end();
    await expect.poll(() => waiting.length > 0 || seen.length === most + 2).toBe(true);
  }
  await Promise.all(answers);
  expect(seen).toEqual(answers.map((_, number) => number));
  expect(one.connections).toBe(most);
});

it('close() lets those that wait finish; destroy() ends them', async () => {
  const waiting: ServerResponse[] = [];
  const one = await provider('p', (_request, response) => void waiting.push(response));
  const closing = poolOf(one);
  const answers = Array.from({ length: most + 1 }, () => ask(closing, {}));
  const closed = closing.close();
  expect(await ask(closing, {})).toBe('UND_ERR_CLOSED');
  expect(await answersTo(answers, waiting)).toEqual([200, 200, 200, 200]);
  await closed;

  const destroyed = poolOf(one);
  const ended = Array.from({ length: most + 1 }, () => ask(destroyed, {}));
  await destroyed.destroy();
  expect(new Set(await Promise.all(ended))).toEqual(new Set(['UND_ERR_DESTROYED']));
  expect(await ask(destroyed, {})).toBe('UND_ERR_DESTROYED');
});

const kinds = ['ok', 'close', 'reset', 'refused', 'aborted'] as const;

interface Link {
  readonly kind: (typeof kinds)[number];
  readonly repeatable: boolean;
}

/** Requests at once, and those that follow each of them. */
const burst: fc.Arbitrary<Link[][]> = fc.array(
  fc.array(fc.record({ kind: fc.constantFrom(...kinds), repeatable: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  { minLength: 1, maxLength: 6 },
);

const requestOf = ({ kind, repeatable }: Link): Ask => ({
  path: `/${kind}`,
  repeatable,
  abort: kind === 'aborted',
  ...(kind === 'refused' && { headers: { 'no token': '1' } }),
});

it('whatever happens to requests, each is told one end, and no connection is lost', async () => {
  const answer = together();
  const one = await provider('p', (request, response) => {
    if (request.url === '/all') answer(request, response);
    else if (request.url === '/close') response.setHeader('connection', 'close').end();
    else if (request.url === '/reset') request.socket.resetAndDestroy();
    else response.end();
  });
  await fc.assert(
    fc.asyncProperty(fc.array(burst), async (bursts) => {
      const pool = new ClientPool(one.endpoint.origin, { connections: most, pipelining: 1, allowH2: false });
      for (const requests of bursts) {
        const ends = await Promise.all(requests.map((links) => askInTurn(pool, links.map(requestOf))));
        expect(ends).toEqual(requests.map((links) => links.map(({ kind }) => endOf[kind])));
      }
      const answers = Array.from({ length: most }, () => ask(pool, { path: '/all' }));
      expect(await Promise.all(answers)).toEqual([200, 200, 200]);
      await pool.close();
    }),
    { numRuns: 50 },
  );
});

/** By what was asked for. */
const endOf: Readonly<Record<(typeof kinds)[number], unknown>> = {
  ok: 200,
  close: 200,
  reset: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/),
  refused: 'UND_ERR_INVALID_ARG',
  aborted: 'ABORTED',
};
