import fastify from 'fastify';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';

import { answerInOrder } from './in-order.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

/** A service that notes what it begins, and answers `/slow` when told to. */
async function start() {
  const app = fastify();
  answerInOrder(app);
  const begun: string[] = [];
  const slow = Promise.withResolvers<string>();
  app.get('/slow', () => (begun.push('slow'), slow.promise));
  app.get('/last', (_request, reply) => (begun.push('last'), reply.header('connection', 'close').send('last')));
  app.get('/done', () => (begun.push('done'), 'done'));
  app.post('/body', () => (begun.push('body'), 'body'));
  await app.listen({ port: 0, host: '127.0.0.1' });
  cleanUp.push(() => app.close());
  const address = app.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { begun, answerSlow: () => slow.resolve('slow'), port };
}

/** Sends it all at once, and resolves with what came back when the other side closes. */
async function send(port: number, ...requests: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.write(requests.join(''));
  await once(socket, 'close');
  return text;
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;

it('what comes behind a request waits for its answer', async () => {
  const { begun, answerSlow, port } = await start();
  const text = send(port, get('/slow'), get('/done'), get('/last'));
  await expect.poll(() => begun).toEqual(['slow']);
  answerSlow();
  expect((await text).match(/\r\n\r\n\w+/g)).toEqual(['\r\n\r\nslowHTTP', '\r\n\r\ndoneHTTP', '\r\n\r\nlast']);
  expect(begun).toEqual(['slow', 'done', 'last']);
});

it('nothing is done behind an answer that closes the connection', async () => {
  const { begun, port } = await start();
  expect(await send(port, get('/last'), get('/done'))).toMatch(/\r\n\r\nlast$/);
  const refused = 'POST /body HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n';
  expect(await send(port, refused, get('/done'), get('/done'))).toMatch(/^HTTP\/1\.1 400 /);
  expect(begun).toEqual(['last']);
});
