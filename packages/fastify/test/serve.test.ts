/** The life of a service, with sockets and an etcd in this process. */
import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { discover } from '@lb/registry';
import { createAuthority } from '@lb/testkit';
import fastify, { type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { connect as connectHttp2, constants, type IncomingHttpHeaders } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import { get, type ServerOptions } from 'node:https';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { lameDuck, provider, serve, type ServeOptions, type Service } from '../src/index.ts';

let etcd: EmbeddedEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.close());

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

let services = 0;
const newService = (): string => `service-${(services += 1)}`;

async function build(): Promise<FastifyInstance> {
  const app = fastify();
  await app.register(provider, { shedding: false });
  app.get('/hello', () => 'hello');
  return app;
}

async function start(app: FastifyInstance, options: ServeOptions): Promise<Service> {
  const service = await serve(app, { signals: false, lingerMs: 0, ...options });
  cleanUp.push(() => service.stop());
  return service;
}

/** Ids in etcd. */
async function registered(service: string): Promise<string[]> {
  await using discovery = discover({ hosts: etcd.hosts, service });
  return (await discovery.connect()).endpoints.map(({ id }) => id);
}

it('registers where it listens, with what it is told of itself', async () => {
  const service = newService();
  const app = await build();
  const { origin, registration } = await start(app, {
    register: { hosts: etcd.hosts, service, endpoint: { id: 'one', weight: 3, metadata: { name: 'first' } } },
  });
  expect(registration?.endpoint).toMatchObject({ id: 'one', origin, weight: 3, metadata: { name: 'first' } });
  expect(app.lb.registration).toBe(registration);
  expect(await registered(service)).toEqual(['one']);
  expect(await (await fetch(`${origin}/hello`)).text()).toBe('hello');
  await expect(fetch(`${origin}/readyz`)).resolves.toMatchObject({ status: 200 });
});

it('does not register what does not answer itself, and closes it', async () => {
  const service = newService();
  const app = await build();
  app.get('/check', (_request, reply) => reply.code(500).send());
  const options = { selfCheckPath: '/check', register: { hosts: etcd.hosts, service } };
  await expect(start(app, options)).rejects.toMatchObject({ code: 'ERR_SELF_CHECK' });
  expect(await registered(service)).toEqual([]);
  expect(app.server.listening).toBe(false);
});

it('closes an app that etcd does not let in', async () => {
  const service = newService();
  const endpoint = { id: 'same' };
  await start(await build(), { register: { hosts: etcd.hosts, service, endpoint } });
  const second = await build();
  await expect(start(second, { register: { hosts: etcd.hosts, service, endpoint } })).rejects.toMatchObject({
    code: 'ERR_ID_TAKEN',
  });
  expect(second.server.listening).toBe(false);
});

it('serves while etcd is away, not ready, and can be stopped', async () => {
  const app = await build();
  const leave = new AbortController();
  const starting = serve(app, {
    signals: false,
    signal: leave.signal,
    lingerMs: 0,
    // Nobody listens there.
    register: { hosts: 'http://127.0.0.1:1', service: newService() },
  });
  await expect.poll(() => app.server.listening).toBe(true);
  const ready = await fetch(`${app.listeningOrigin}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    expect.objectContaining({ checks: { registration: 'not registered yet' } }),
  ]);
  expect(await (await fetch(`${app.listeningOrigin}/hello`)).text()).toBe('hello');
  leave.abort();
  const service = await starting;
  expect(await service.stop()).toBe(true);
  expect(service.registration).toBeUndefined();
});

it('does not begin when it is asked to end before', async () => {
  const app = await build();
  const service = await start(app, { signal: AbortSignal.abort() });
  expect([app.server.listening, app.lb.draining]).toEqual([false, true]);
  expect(await service.stop()).toBe(true);
});

it('takes being asked to end while it begins for no failure', async () => {
  const app = await build();
  const leave = new AbortController();
  app.get('/check', (_request, reply) => {
    leave.abort();
    return reply.code(500).send();
  });
  const register = { hosts: etcd.hosts, service: newService() };
  const service = await start(app, { signal: leave.signal, selfCheckPath: '/check', register });
  expect([app.server.listening, service.registration]).toEqual([false, undefined]);
});

it('leaves the end of the process to others when it could not begin', async () => {
  const before = process.listenerCount('SIGTERM');
  await expect(serve(await build(), { selfCheckPath: '/nothing' })).rejects.toMatchObject({ code: 'ERR_SELF_CHECK' });
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

it('stops although etcd has gone', async () => {
  const own = await startEtcd();
  const service = await start(await build(), { register: { hosts: own.hosts, service: newService() }, lingerMs: 50 });
  await own.close();
  expect(await service.stop()).toBe(true);
});

it('tells what comes while it closes that nothing was done for it', async () => {
  const app = await build();
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  app.get('/slow', async () => {
    await held;
    return 'done';
  });
  const service = await start(app, {});
  // Two requests on one connection, the second of which comes while the first is answered: it is what a keep-alive client may do.
  const socket = connect(Number(new URL(service.origin).port), '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  socket.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
  await expect.poll(() => app.lb.inFlight).toBe(1);
  const stopped = service.stop();
  await expect.poll(() => app.server.listening).toBe(false);
  socket.write('POST /hello HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
  letGo();
  await expect.poll(() => said).toContain('done');
  expect(await stopped).toBe(true);
  // Either the connection was closed before the second was read, or it was refused as one that may go elsewhere.
  const second = said.slice(said.indexOf('done'));
  if (second.includes('HTTP/1.1')) expect(second).toMatch(/503[^]*x-lb-nack: draining/i);
  socket.destroy();
});

it('drains and closes over HTTP/2 as well, where no header may speak of the connection', async () => {
  const app = fastify({ http2: true });
  await app.register(provider, { shedding: false });
  app.get('/hello', () => 'hello');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Fastify's types tell apps of HTTP/2 apart, and plugins do not
  const service = await start(app as unknown as FastifyInstance, { selfCheckPath: false });
  const session = connectHttp2(service.origin);
  const ask = async (): Promise<IncomingHttpHeaders> => {
    const stream = session.request({ ':path': '/hello' });
    const [headers]: IncomingHttpHeaders[] = await once(stream, 'response');
    stream.resume();
    return headers ?? {};
  };
  expect(await ask()).toMatchObject({ ':status': 200, 'x-lb-in-flight': '0' });
  app.lb.drain();
  expect(await ask()).toMatchObject({ ':status': 200, 'x-lb-draining': '1' });
  expect(await service.stop()).toBe(true);
  session.destroy();
});

/** An app over HTTP/2 that begins an answer and never ends it. */
async function buildEndless(options: { https?: ServerOptions & { allowHTTP1: boolean } }): Promise<FastifyInstance> {
  const app = fastify({ http2: true, ...options });
  await app.register(provider, { shedding: false });
  app.get('/endless', (_request, reply) => {
    reply.hijack();
    reply.raw.write('begun');
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Fastify's types tell apps of HTTP/2 apart, and plugins do not
  return app as unknown as FastifyInstance;
}

it('cuts off over HTTP/2, too, what does not finish in time', async () => {
  const app = await buildEndless({});
  const service = await start(app, { selfCheckPath: false, finishMs: 50 });
  const session = connectHttp2(service.origin).on('error', () => {});
  const stream = session.request({ ':path': '/endless' });
  const cut = once(stream, 'close');
  await once(stream, 'data');
  expect(await service.stop()).toBe(false);
  await expect.poll(() => app.lb.inFlight).toBe(0);
  await cut;
  expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  session.destroy();
});

it('cuts off what comes over HTTP/1 to a server of HTTP/2', async () => {
  const { cert, key } = createAuthority().issue('localhost');
  const app = await buildEndless({ https: { allowHTTP1: true, cert, key } });
  const service = await start(app, { selfCheckPath: false, finishMs: 50 });
  const asked = get(`${service.origin}/endless`, { rejectUnauthorized: false });
  const [response]: IncomingMessage[] = await once(asked, 'response');
  const cut = response && once(response, 'error');
  expect(await service.stop()).toBe(false);
  expect(await cut).toMatchObject([{ code: 'ECONNRESET' }]);
});

it('needs no registry: a service that only calls others drains and closes the same way', async () => {
  const app = fastify();
  await app.register(lameDuck);
  const order: string[] = [];
  app.addHook('onClose', async () => void order.push('closed'));
  const service = await start(app, { selfCheckPath: false });
  expect(service.registration).toBeUndefined();
  expect(await service.stop()).toBe(true);
  expect([app.lb.draining, order]).toEqual([true, ['closed']]);
});

it.each([
  [{ listen: { host: '0.0.0.0' }, register: { hosts: '127.0.0.1:1', service: 'a' } }, '"register.endpoint.origin"'],
  [{ listen: { host: '::' }, register: { hosts: '127.0.0.1:1', service: 'a' } }, '"register.endpoint.origin"'],
  [{ lingerMs: -1 }, '"lingerMs"'],
  [{ lingerMs: 5000, hardStopMs: 5000 }, '"hardStopMs"'],
])('refuses %j', async (options, name) => {
  await expect(serve(await build(), { signals: false, ...options })).rejects.toThrow(name);
});

it('refuses an app without its plugins', async () => {
  await expect(serve(fastify(), { signals: false })).rejects.toMatchObject({ code: 'ERR_MISSING_PLUGIN' });
});
