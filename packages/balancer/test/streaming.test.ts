/** Bodies that do not fit into memory, in both directions: whoever is slow slows down the other side, and nothing piles up between. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { balance, provider } from './support/setup.ts';

const chunk = Buffer.alloc(65_536, 'x');
/** More than the sockets' buffers on both sides hold, by far. */
const total = 64 * 2 ** 20;
/** What may be on its way: the kernel's buffers, and a few chunks in Node's. */
const onTheWay = 16 * 2 ** 20;
const unlimited = { maxResponseBytes: Infinity };

const lengthOf = (part: unknown): number => (Buffer.isBuffer(part) ? part.length : NaN);

it('reads an answer no faster than its caller', async () => {
  let sent = 0;
  const source = await provider('source', async (_request, response) => {
    while (sent < total && !response.destroyed) {
      sent += chunk.length;
      if (!response.write(chunk)) await once(response, 'drain');
    }
    response.end();
  });
  const balancer = balance({ over: [source], ...unlimited });
  const { body } = await balancer.request('/');
  let received = 0;
  for await (const part of body) {
    received += lengthOf(part);
    if (received < 2 ** 20) {
      await wait(30);
      expect(sent - received).toBeLessThan(onTheWay);
    }
  }
  expect(received).toBe(total);
});

it('reads a body no faster than the provider', async () => {
  let read = 0;
  const go = Promise.withResolvers<void>();
  const sink = await provider('sink', async (request, response) => {
    request.pause();
    await go.promise;
    for await (const part of request) read += lengthOf(part);
    response.end();
  });
  const balancer = balance({ over: [sink], attemptTimeoutMs: 0 });
  let made = 0;
  const body = Readable.from(
    (function* () {
      for (; made < total; made += chunk.length) yield chunk;
    })(),
    { objectMode: false },
  );
  const answer = balancer.request('/', { method: 'PUT', body });
  await wait(200);
  expect(made).toBeLessThan(onTheWay);
  go.resolve();
  await (await answer).body.dump();
  expect([made, read]).toEqual([total, total]);
});

it('lets both sides talk at once', async () => {
  const echo = await provider('echo', (request, response) => void request.pipe(response));
  const balancer = balance({ over: [echo] });
  const heard = new EventTarget();
  async function* questions(): AsyncGenerator<string> {
    for (let number = 1; number <= 5; number += 1) {
      const answer = once(heard, `${number}`);
      yield `${number}`;
      await answer;
    }
  }
  const { body } = await balancer.request('/', { method: 'POST', body: Readable.from(questions()) });
  const answers: string[] = [];
  for await (const part of body) {
    answers.push(String(part));
    heard.dispatchEvent(new Event(String(part)));
  }
  expect(answers).toEqual(['1', '2', '3', '4', '5']);
});

it('lets an answer go on for longer than a request may take to be answered', async () => {
  const ticking = await provider('ticking', async (_request, response) => {
    for (let tick = 0; tick < 5; tick += 1) {
      response.write(`${tick}`);
      await wait(500);
    }
    response.end();
  });
  const balancer = balance({ over: [ticking], timeoutMs: 2000, attemptTimeoutMs: 1000 });
  expect(await (await balancer.fetch('/')).text()).toBe('01234');
});

it('stops the provider when the caller has had enough', async () => {
  const closed = Promise.withResolvers<void>();
  const endless = await provider('endless', (_request, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response
      .on('drain', write)
      .on('error', () => {})
      .on('close', closed.resolve);
    write();
  });
  const balancer = balance({ over: [endless], ...unlimited });
  const { body } = await balancer.request('/');
  for await (const part of body) if (lengthOf(part) > 0) break;
  await closed.promise;
  expect(balancer.stats.inFlight).toBe(0);
});
