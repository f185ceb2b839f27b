/** All that takes an undici Dispatcher, of undici 8, of undici 7 and of Node itself, with a balancer for one. */
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { type Dispatcher, fetch, interceptors, MockAgent, request, Request, stream } from 'undici';
import * as undici7 from 'undici-7';
import { describe, expect, it } from 'vitest';

import { after, balance, provider } from './support/setup.ts';
import { untyped } from './support/untyped.ts';

/** A provider that echoes what it is sent, after a 503 to the first attempt where the path ends in `flaky`, and never at `/hang`. */
const echo = () =>
  provider('echo', (incoming, response) => {
    if (incoming.url === '/hang') return;
    response.setHeader('x-method', incoming.method ?? '');
    if (incoming.url?.endsWith('flaky') === true && incoming.headers['x-lb-attempt'] === undefined) {
      incoming.resume();
      response.writeHead(503).end('not yet');
    } else {
      incoming.pipe(response);
    }
  });

const collect = (into: string[]): Writable =>
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      into.push(chunk.toString());
      done();
    },
  });

describe('undici 8', () => {
  it('fetches, also with a Request, and what it sends is sent again if need be', async () => {
    const only = await echo();
    const balancer = balance({ over: [only] });
    const { dispatcher } = balancer;
    const response = await fetch('http://any.example/a?b=c#d', { dispatcher });
    expect([response.status, await response.text()]).toEqual([200, '']);
    const sent = new Request('http://any.example/flaky', { method: 'PUT', body: 'hello', dispatcher });
    expect(await (await fetch(sent)).text()).toBe('hello');
    const form = await balancer.fetch('/flaky', { method: 'PUT', body: new URLSearchParams({ a: '1' }) });
    expect(await form.text()).toBe('a=1');
    expect(only.asked).toEqual(['GET /a?b=c', 'PUT /flaky', 'PUT /flaky', 'PUT /flaky', 'PUT /flaky']);
  });

  it('requests, streams and pipes', async () => {
    const only = await echo();
    const { dispatcher } = balance({ over: [only] });
    const origin = 'http://any.example';
    const { statusCode, body, context } = await request(`${origin}/flaky`, { dispatcher, method: 'PUT', body: 'a' });
    expect([statusCode, await body.text()]).toEqual([200, 'a']);
    expect(context).toMatchObject({ lb: { attempts: 2, peer: { id: 'echo' } } });

    const streamed: string[] = [];
    await stream(`${origin}/flaky`, { dispatcher, method: 'PUT', body: 'b' }, () => collect(streamed));
    expect(streamed).toEqual(['b']);

    const piped: string[] = [];
    const through = dispatcher.pipeline({ path: '/flaky', method: 'PUT' }, ({ body: answer }) => answer);
    await pipeline(['c', 'd'], through, collect(piped));
    expect(piped.join('')).toBe('cd');
  });

  it('upgrades', async () => {
    const only = await provider('only', (_incoming, response) => response.end());
    only.onUpgrade((socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhi'),
    );
    const { dispatcher } = balance({ over: [only] });
    const { socket } = await dispatcher.upgrade({ path: '/', protocol: 'x' });
    expect((await socket.toArray()).join('')).toBe('hi');
  });

  it('is told when the caller aborts a fetch, and stops the attempt', async () => {
    const hanging = await provider('hanging', () => {});
    const balancer = balance({ over: [hanging], attemptTimeoutMs: 0 });
    const caller = new AbortController();
    const answer = balancer.fetch('/', { signal: caller.signal });
    await expect.poll(() => hanging.asked.length).toBe(1);
    caller.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => hanging.open()).toBe(0);
  });
});

describe('interceptors', () => {
  it('go around the request and not around its attempts, the last one outermost', async () => {
    const only = await echo();
    const order: string[] = [];
    const named =
      (name: string): Dispatcher.DispatcherComposeInterceptor =>
      (dispatch) =>
      (options, handler) => {
        order.push(`${name} ${options.path}`);
        return dispatch({ ...options, path: `${options.path}${name}` }, handler);
      };
    const composed = balance({ over: [only] }).dispatcher.compose(named('y'), named('/flak'));
    const { body } = await composed.request({ path: '', method: 'GET', origin: 'http://any.example' });
    await body.dump();
    expect([order, only.asked]).toEqual([
      ['/flak ', 'y /flak'],
      ['GET /flaky', 'GET /flaky'],
    ]);
  });

  it('can be given to the balancer, for all its faces', async () => {
    const only = await echo();
    const tag: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
      dispatch({ ...options, headers: { 'x-tag': 'a' } }, handler);
    const balancer = balance({ over: [only], interceptors: [tag] });
    await (await balancer.request('/')).body.dump();
    await balancer.fetch('/');
    await fetch('http://any.example/', { dispatcher: balancer.dispatcher });
    expect(only.headers.map((headers) => headers['x-tag'])).toEqual(['a', 'a', 'a']);
  });

  it('of undici work: errors for bad statuses, redirects, caches, decompression, dumps', async () => {
    const only = await provider('only', (incoming, response) => {
      if (incoming.url === '/no') response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing');
      else if (incoming.url === '/from') response.writeHead(302, { location: '/to' }).end();
      else if (incoming.url === '/zip') {
        response.setHeader('content-encoding', 'gzip');
        const zip = createGzip();
        zip.pipe(response);
        zip.end('zipped');
      } else response.setHeader('cache-control', 'max-age=60').end(`for ${incoming.url}`);
    });
    const origin = 'http://any.example';
    const { dispatcher } = balance({ over: [only] });
    const get = async (interceptor: Dispatcher.DispatcherComposeInterceptor, path: string) => {
      const { statusCode, body } = await dispatcher.compose(interceptor).request({ origin, path, method: 'GET' });
      return `${statusCode} ${await body.text()}`;
    };
    await expect(get(interceptors.responseError(), '/no')).rejects.toMatchObject({ statusCode: 404, body: 'nothing' });
    expect(await get(interceptors.redirect({ maxRedirections: 1 }), '/from')).toBe('200 for /to');
    expect(await get(interceptors.decompress(), '/zip')).toBe('200 zipped');
    const cache = interceptors.cache();
    expect([await get(cache, '/cached'), await get(cache, '/cached')]).toEqual(['200 for /cached', '200 for /cached']);
    expect(only.asked.filter((asked) => asked === 'GET /cached').length).toBe(1);
    await expect(get(interceptors.dump({ maxSize: 2 }), '/long')).rejects.toThrow(/size/);
  });
});

describe('a MockAgent', () => {
  it('stands in for the providers', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    after(() => agent.close());
    const mocks = ['http://a.test', 'http://b.test'].map((origin) => agent.get(origin));
    mocks[0]!.intercept({ path: '/hash', method: 'GET' }).reply(503, 'busy').persist();
    mocks[1]!.intercept({ path: '/hash', method: 'GET' }).reply(200, { hash: 'x' }).persist();
    const balancer = balance({ over: ['http://a.test', 'http://b.test'], connect: ({ origin }) => agent.get(origin) });
    for (let time = 0; time < 4; time += 1) {
      const { statusCode, body } = await balancer.request('/hash');
      expect([statusCode, await body.json()]).toEqual([200, { hash: 'x' }]);
    }
    expect(await (await balancer.fetch('/hash')).json()).toEqual({ hash: 'x' });
    mocks[1]!.intercept({ path: '/error', method: 'POST' }).replyWithError(new Error('broken'));
    mocks[0]!.intercept({ path: '/error', method: 'POST' }).replyWithError(new Error('broken'));
    await expect(balancer.request('/error', { method: 'POST' })).rejects.toMatchObject({ code: 'ERR_ATTEMPTS_FAILED' });
  });
});

describe.each([
  ['dispatcher', (balancer: ReturnType<typeof balance>) => balancer.dispatcher],
  ['legacyDispatcher', (balancer: ReturnType<typeof balance>) => balancer.legacyDispatcher],
])('for others, %s', (_name, of) => {
  it('serves the fetch of this Node', async () => {
    const only = await echo();
    const dispatcher: never = untyped(of(balance({ over: [only] })));
    const response = await globalThis.fetch('http://any.example/a', { dispatcher });
    expect([response.status, response.headers.get('x-method')]).toEqual([200, 'GET']);
    const sent = await globalThis.fetch('http://any.example/flaky', { method: 'PUT', body: 'hello', dispatcher });
    expect(await sent.text()).toBe('hello');
    const caller = new AbortController();
    caller.abort();
    await expect(globalThis.fetch('http://any.example/', { signal: caller.signal, dispatcher })).rejects.toThrow(
      'abort',
    );
  });

  it('serves undici 7', async () => {
    const only = await echo();
    const dispatcher: never = untyped(of(balance({ over: [only] })));
    const options = { dispatcher, method: 'PUT', body: 'hello' } as const;
    const { statusCode, headers, body } = await undici7.request('http://any.example/flaky', options);
    expect([statusCode, headers['x-method'], await body.text()]).toEqual([200, 'PUT', 'hello']);
    expect(await (await undici7.fetch('http://any.example/flaky', options)).text()).toBe('hello');
    const streamed: string[] = [];
    await undici7.stream('http://any.example/flaky', options, () => collect(streamed));
    expect(streamed).toEqual(['hello']);
    const caller = new AbortController();
    const hanging = undici7.request('http://any.example/hang', {
      ...options,
      body: untyped(endless()),
      signal: caller.signal,
    });
    setTimeout(() => caller.abort(new Error('enough')), 20);
    await expect(hanging).rejects.toThrow('enough');
  });
});

async function* endless(): AsyncGenerator<string> {
  yield 'a';
  await new Promise(() => {});
}

it('says when it is busy, and when it no longer is', async () => {
  const answers: (() => void)[] = [];
  const slow = await provider('slow', (_incoming, response) => answers.push(() => response.end()));
  const balancer = balance({ over: [slow], connectionsPerPeer: 1, attemptTimeoutMs: 0 });
  await expect.poll(() => balancer.pool.size).toBe(1);
  const handler = {
    onRequestStart() {},
    onResponseStart() {},
    onResponseData() {},
    onResponseEnd() {},
    onResponseError() {},
  };
  let drained = 0;
  balancer.dispatcher.on('drain', () => (drained += 1));
  const dispatch = () => balancer.dispatcher.dispatch({ path: '/', method: 'GET' }, handler);
  expect([dispatch(), dispatch()]).toEqual([true, false]);
  expect(balancer.stats).toMatchObject({ inFlight: 2, queued: 1 });
  await expect.poll(() => answers.length).toBe(1);
  answers[0]!();
  await expect.poll(() => answers.length).toBe(2);
  expect(drained).toBe(1);
  answers[1]!();
  await expect.poll(() => balancer.stats.inFlight).toBe(0);
});
