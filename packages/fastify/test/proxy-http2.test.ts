/** The proxy for callers over HTTP/2, whose bodies begin and end otherwise than those of HTTP/1.1. */
import fastify, { type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { consumer, proxy } from '../src/consumer/index.ts';
import { lameDuck, slotLimit } from '../src/index.ts';

let provider: Server;
let app: FastifyInstance;
let session: ClientHttp2Session;
/** Bodies that the provider was sent. */
const seen: string[] = [];
/** Requests that the proxy is done with. */
let ended = 0;

beforeEach(async () => {
  seen.length = 0;
  ended = 0;
  provider = createServer(async (request, response) => {
    const body = await text(request).catch(() => 'broken off');
    seen.push(body);
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const address = provider.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Fastify's types tell apps of HTTP/2 apart, and plugins do not
  app = fastify({ http2: true }) as unknown as FastifyInstance;
  await app.register(lameDuck);
  app.addHook('onResponse', async () => void (ended += 1));
  app.addHook('preValidation', async ({ url }, { raw }) => void (url.endsWith('/late') && (await once(raw, 'close'))));
  await app.register(slotLimit, { slots: 1 });
  // After the slot is taken.
  app.addHook('preHandler', async ({ url }, { raw }) => void (url.endsWith('/later') && (await once(raw, 'close'))));
  await app.register(consumer, { services: ['hash'], discovery: () => [origin] });
  await app.register(proxy, { prefix: '/svc', bodyLimitBytes: 200_000 });
  session = connect(await app.listen({ port: 0, host: '127.0.0.1' }));
});
afterEach(async () => {
  session.destroy();
  await app.close();
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
});

const post = (path = '/svc/hash/'): ClientHttp2Stream => session.request({ ':method': 'POST', ':path': path });

it.each([
  ['short', 5],
  ['long', 100_000],
])('passes on a %s body that does not say how long it is', async (_name, bytes) => {
  const stream = post();
  stream.end('x'.repeat(bytes));
  expect(await text(stream)).toBe('x'.repeat(bytes));
  expect(seen).toEqual(['x'.repeat(bytes)]);
});

it('passes on that there is none', async () => {
  const stream = session.request({ ':path': '/svc/hash/' });
  expect(await text(stream)).toBe('');
  expect(seen).toEqual(['']);
});

it('refuses a body that turns out to be too long', async () => {
  const stream = post();
  stream.end('x'.repeat(200_001));
  const [headers]: IncomingHttpHeaders[] = await once(stream, 'response');
  stream.resume();
  expect(headers?.[':status']).toBe(413);
});

it.each<[string, (stream: ClientHttp2Stream) => void]>([
  ['is cancelled', (stream) => stream.close(constants.NGHTTP2_CANCEL)],
  ['is reset without an error', (stream) => stream.close(constants.NGHTTP2_NO_ERROR)],
  ['goes with its connection', () => session.destroy()],
])('does not wait for the rest of a body that %s', async (_name, breakOff) => {
  const stream = post();
  stream.on('error', () => {});
  stream.write('beg');
  await expect.poll(() => app.lb.inFlight).toBe(1);
  breakOff(stream);
  await expect.poll(() => ended).toBe(1);
  expect(seen).toEqual([]);
});

it.each(['/svc/hash/late', '/svc/hash/later'])('holds no slot for a caller that went away before %s', async (path) => {
  const stream = post(path);
  stream.on('error', () => {});
  stream.write('beg');
  await expect.poll(() => app.lb.inFlight).toBe(1);
  stream.close(constants.NGHTTP2_CANCEL);
  await expect.poll(() => ended).toBe(1);
  expect(app.lb.slots?.used).toBe(0);
  expect(seen).toEqual([]);
});
