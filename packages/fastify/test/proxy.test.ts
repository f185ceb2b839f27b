/** The proxy between a caller and a provider, over real sockets: what passes, what does not, and who waits for whom. */
import fastify, { type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { consumer, proxy, type ProxyOptions } from '../src/consumer/index.ts';
import { health, lameDuck, slotLimit } from '../src/index.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

let provider: Server;
let origin = '';
let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
const seen: Seen[] = [];
const apps: FastifyInstance[] = [];

beforeEach(async () => {
  seen.length = 0;
  answer = async (incoming, response) => response.end(await text(incoming));
  provider = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, url, headers });
    incoming.on('error', () => {});
    void answer(incoming, response);
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
});

/** Where a consumer listens that passes `/svc/<service>/…` on. */
async function start(options: ProxyOptions = {}, endpoints?: (service: string) => string[]): Promise<string> {
  const app = await build(endpoints);
  await app.register(proxy, { prefix: '/svc', ...options });
  return app.listen({ port: 0, host: '127.0.0.1' });
}

/** A consumer that passes nothing on yet. */
async function build(endpoints: (service: string) => string[] = () => [origin]): Promise<FastifyInstance> {
  const app = fastify();
  apps.push(app);
  await app.register(lameDuck);
  await app.register(health);
  await app.register(consumer, { services: ['hash'], discovery: endpoints, onDemand: { max: 2 } });
  return app;
}

/** A request of which every byte is ours. */
function send(
  url: string,
  method: string,
  headers: Record<string, string | string[]> = {},
  body?: Readable | string,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, { method, headers, agent: false }, resolve).on('error', reject);
  if (body instanceof Readable) body.pipe(outgoing);
  else outgoing.end(body);
  return promise;
}

describe('what passes', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('is %s, with path, query and body', async (method) => {
    const at = await start();
    const body = method === 'GET' ? undefined : '{"not":"parsed"';
    const headers: Record<string, string> =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) };
    const response = await send(`${at}/svc/hash/a%2Fb?c=d&c=e`, method, headers, body);
    expect([response.statusCode, await text(response)]).toEqual([200, body ?? '']);
    expect(seen[0]).toMatchObject({ method, url: '/a%2Fb?c=d&c=e' });
  });

  it('is HEAD, with the headers of what GET would give', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-length': '5', etag: '"1"' }).end();
    const response = await send(`${await start()}/svc/hash/`, 'HEAD');
    expect(response.headers).toMatchObject({ 'content-length': '5', etag: '"1"' });
    expect(seen[0]?.method).toBe('HEAD');
  });

  it('is the status, several cookies, and an empty body', async () => {
    answer = (_request, response) => response.writeHead(304, { 'set-cookie': ['a=1', 'b=2'] }).end();
    const response = await send(`${await start()}/svc/hash/`, 'GET');
    expect([response.statusCode, response.headers['set-cookie'], await text(response)]).toEqual([
      304,
      ['a=1', 'b=2'],
      '',
    ]);
  });

  it('is what belongs to the request, and nothing that belongs to the connection or that anybody could claim', async () => {
    const at = await start();
    const response = await send(`${at}/svc/hash/`, 'GET', {
      accept: 'text/plain',
      authorization: 'Bearer t',
      connection: 'keep-alive, x-mine',
      'x-mine': '1',
      'x-forwarded-for': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'x-lb-nack': 'overload',
      te: 'trailers',
    });
    await text(response);
    expect(seen[0]?.headers).toMatchObject({
      accept: 'text/plain',
      authorization: 'Bearer t',
      via: '1.1 lb',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': new URL(at).host,
      'x-lb-timeout-ms': expect.stringMatching(/^\d+$/),
    });
    for (const name of ['x-mine', 'forwarded', 'x-lb-nack', 'te']) expect(seen[0]?.headers).not.toHaveProperty(name);
  });

  it('is not what providers tell balancers', async () => {
    answer = (_request, response) =>
      response
        .writeHead(200, {
          'x-lb-in-flight': '3',
          'endpoint-load-metrics': 'TEXT eps=1',
          'keep-alive': 'timeout=9',
          x: 'y',
        })
        .end();
    const { headers } = await send(`${await start()}/svc/hash/`, 'GET');
    expect(headers).toMatchObject({ x: 'y' });
    for (const name of ['x-lb-in-flight', 'endpoint-load-metrics']) expect(headers).not.toHaveProperty(name);
    expect(headers['keep-alive']).not.toBe('timeout=9');
  });

  it.each([
    [{ 'x-lb-attempt': '2' }, 1],
    [{}, 1],
    [{ 'x-lb-attempt': '0' }, 3],
  ])(
    'is the time that a caller has left; and attempts of a balancer (%j) are made once here',
    async (said, attempts) => {
      answer = (_request, response) => response.writeHead(503).end();
      const response = await send(`${await start()}/svc/hash/`, 'GET', { 'x-lb-timeout-ms': '3000', ...said });
      expect(response.statusCode).toBe(503);
      expect(seen).toHaveLength(attempts);
      expect(Number(seen[0]?.headers['x-lb-timeout-ms'])).toBeLessThan(2996);
    },
  );
});

describe('streams', () => {
  it('pass as they come: the answer begins before the request has ended', async () => {
    answer = (incoming, response) => incoming.pipe(response);
    const at = await start({ holdBytes: 0 });
    const body = new Readable({ read() {} });
    const answered = send(`${at}/svc/hash/`, 'POST', { 'transfer-encoding': 'chunked' }, body);
    body.push('first');
    const response = await answered;
    const chunks = response[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe('first');
    body.push('second');
    expect(String((await chunks.next()).value)).toBe('second');
    body.push(null);
    expect((await chunks.next()).done).toBe(true);
  });

  it('wait for a caller that reads slowly', async () => {
    let written = 0;
    answer = (_request, response) => {
      const more = (): void => {
        while (written < 64 * 2 ** 20) {
          written += 2 ** 16;
          if (!response.write(Buffer.alloc(2 ** 16))) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    };
    const app = await start();
    const response = await send(`${app}/svc/hash/`, 'GET');
    // Nobody reads: what has been written is what buffers and sockets hold, and stops growing.
    let before = -1;
    while (written !== before) {
      before = written;
      await after(200);
    }
    expect(written).toBeLessThan(32 * 2 ** 20);
    response.destroy();
  });

  it('break off for the caller where they break off for us', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => response.destroy(), 50);
    };
    const response = await send(`${await start()}/svc/hash/`, 'GET');
    await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('end at the provider when the caller goes away', async () => {
    const gone = Promise.withResolvers<void>();
    answer = (_request, response) => response.on('close', () => gone.resolve());
    const outgoing = request(`${await start()}/svc/hash/`, { agent: false }).on('error', () => {});
    outgoing.end();
    await expect.poll(() => seen.length).toBe(1);
    outgoing.destroy();
    await gone.promise;
  });
});

describe('bodies', () => {
  it('that say they are too long are refused before anybody is asked', async () => {
    const at = await start({ bodyLimitBytes: 10 });
    const response = await send(`${at}/svc/hash/`, 'POST', { 'content-length': '11' }, 'x'.repeat(11));
    expect([response.statusCode, response.headers.connection, seen]).toEqual([413, 'close', []]);
  });

  it('that turn out to be too long are cut off, and no provider takes them for whole', async () => {
    const whole: boolean[] = [];
    answer = (incoming) => incoming.on('close', () => whole.push(incoming.complete)).resume();
    const at = await start({ bodyLimitBytes: 1000, holdBytes: 0 });
    const response = await send(
      `${at}/svc/hash/`,
      'POST',
      { 'transfer-encoding': 'chunked' },
      Readable.from([Buffer.alloc(900), Buffer.alloc(900)]),
    );
    expect([response.statusCode, response.headers.connection]).toEqual([413, 'close']);
    await expect.poll(() => whole.length).toBe(seen.length);
    expect(whole).not.toContain(true);
  });

  it('that are short are waited for, and no provider is asked before', async () => {
    const at = await start();
    const body = new Readable({ read() {} });
    const answered = send(`${at}/svc/hash/`, 'POST', { 'transfer-encoding': 'chunked' }, body);
    body.push('first');
    await after(100);
    expect(seen).toEqual([]);
    body.push('second');
    body.push(null);
    expect(await text(await answered)).toBe('firstsecond');
    expect(seen[0]?.headers).toMatchObject({ 'content-length': '11' });
  });

  it('that are long pass as they come, once their beginning is here', async () => {
    const at = await start({ bodyLimitBytes: 2 ** 24 });
    const long = 'x'.repeat(5 * 2 ** 20);
    expect(
      await text(await send(`${at}/svc/hash/`, 'PUT', { 'transfer-encoding': 'chunked' }, Readable.from([long]))),
    ).toBe(long);
    expect(seen[0]?.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
  });

  it('that break off reach nobody', async () => {
    const at = await start();
    const outgoing = request(`${at}/svc/hash/`, { method: 'POST', agent: false }).on('error', () => {});
    outgoing.write('half');
    await expect.poll(() => apps[0]?.lb.inFlight).toBe(1);
    outgoing.destroy();
    await expect.poll(() => apps[0]?.lb.inFlight).toBe(0);
    expect(seen).toEqual([]);
  });

  it('of callers that went away before anybody read them are not waited for', async () => {
    const held = Promise.withResolvers<void>();
    const app = await build();
    await app.register(slotLimit, { slots: 1 });
    app.addHook('preHandler', async (_request, reply) => {
      await once(reply.raw, 'close');
      held.resolve();
    });
    await app.register(proxy, { prefix: '/svc' });
    const at = await app.listen({ port: 0, host: '127.0.0.1' });
    const caller = connect(Number(new URL(at).port), '127.0.0.1');
    caller.write('POST /svc/hash/ HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc');
    await expect.poll(() => app.lb.slots?.used).toBe(1);
    caller.destroy();
    await held.promise;
    await expect.poll(() => app.lb.slots?.used).toBe(0);
    expect(seen).toEqual([]);
  });

  it('may have any type, or none', async () => {
    const at = await start();
    const response = await send(`${at}/svc/hash/`, 'POST', { 'content-type': 'application/x-unheard-of' }, 'abc');
    expect(await text(response)).toBe('abc');
    expect(await text(await send(`${at}/svc/hash/`, 'POST', {}, 'def'))).toBe('def');
  });

  it('that are left unread when the answer is there end the connection', async () => {
    answer = (_request, response) => response.writeHead(403).end('no');
    const body = new Readable({ read() {} });
    body.push('some');
    const at = await start({ holdBytes: 0 });
    const response = await send(`${at}/svc/hash/`, 'POST', { 'content-length': '1000' }, body);
    expect([response.statusCode, response.headers.connection, await text(response)]).toEqual([403, 'close', 'no']);
  });
});

describe('what is refused', () => {
  it.each([
    ['/svc/hash/../lb', 400],
    ['/svc/hash//evil.example/', 400],
    ['/svc/', 400],
    ['/svc/no%2Fservice/', 400],
  ])('%s with %i', async (path, status) => {
    // Not by `new URL()`, which would mend it.
    const { port } = new URL(await start());
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request({ host: '127.0.0.1', port, path, agent: false }, resolve).on('error', reject).end();
    expect([(await promise).statusCode, seen]).toEqual([status, []]);
  });

  it('is TRACE', async () => {
    expect((await send(`${await start()}/svc/hash/`, 'TRACE')).statusCode).toBe(404);
    expect(seen).toEqual([]);
  });

  it('is what no provider can take: 503 and when to come back, 502 when none answers, 504 when none does in time', async () => {
    const nobody = await send(`${await start({}, () => [])}/svc/hash/`, 'GET');
    expect([nobody.statusCode, nobody.headers['retry-after']]).toEqual([503, '1']);
    const unreachable = await send(`${await start({}, () => ['http://127.0.0.1:1'])}/svc/hash/`, 'GET');
    expect([unreachable.statusCode, await text(unreachable)]).toEqual([502, expect.not.stringContaining('127.0.0.1')]);
    answer = () => {};
    const late = await send(`${await start()}/svc/hash/`, 'GET', { 'x-lb-timeout-ms': '100' });
    expect(late.statusCode).toBe(504);
  });

  it('names no provider, however it failed', async () => {
    answer = (_request, response) => response.destroy();
    const response = await send(`${await start()}/svc/hash/`, 'POST', {}, 'a');
    expect(await text(response)).not.toContain(origin.slice(7));
    expect(response.statusCode).toBe(502);
  });
});

it('opens other services as they are asked for', async () => {
  const at = await start({}, (service) => (service === 'away' ? [] : [origin]));
  expect((await send(`${at}/svc/other/a`, 'GET')).statusCode).toBe(200);
  expect((await send(`${at}/svc/away/a`, 'GET')).statusCode).toBe(503);
  expect([...(apps[0]?.lb.services.keys() ?? [])]).toEqual(['hash', 'other', 'away']);
});

it('closes balancers only when everything has been answered', async () => {
  answer = async (_request, response) => {
    await after(300);
    response.end('late');
  };
  const at = await start();
  const [app] = apps;
  const answered = send(`${at}/svc/hash/`, 'GET');
  await expect.poll(() => seen.length).toBe(1);
  const closed = app?.close();
  expect(await text(await answered)).toBe('late');
  await closed;
  expect(() => app?.lb.balancer('hash')).toThrow('closed');
});
