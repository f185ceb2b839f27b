/** Requests to providers that count them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { register } from '@lb/registry';
import { startEtcd } from '@lb/embedded-etcd';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { asProcess, type Env, inProcess } from './lb.ts';

interface Provider {
  readonly id: string;
  readonly server: Server;
  requests: number;
}

let env: Env;
const providers: Provider[] = [];
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  const etcd = await startEtcd();
  cleanUp.push(() => etcd.close());
  env = { ETCD_HOSTS: etcd.hosts };
  for (const [index, id] of ['small', 'medium', 'large'].entries()) {
    const provider: Provider = { id, requests: 0, server: createServer() };
    provider.server.on('request', (request, response) => {
      provider.requests += 1;
      void echo(request, response);
    });
    await new Promise<void>((resolve) => provider.server.listen(0, '127.0.0.1', resolve));
    const address = provider.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const endpoint = { id, origin: `http://127.0.0.1:${port}`, weight: index + 1 };
    const registration = await register({ hosts: etcd.hosts, service: 'echo', endpoint });
    providers.push(provider);
    cleanUp.push(
      () => registration.close(),
      () => provider.server.closeAllConnections(),
      () => new Promise((resolve) => provider.server.close(resolve)),
    );
  }
});
afterAll(async () => {
  for (const task of cleanUp.toReversed()) await task();
});

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method, url, headers } = request;
  response.writeHead(Number(headers['x-status'] ?? 200));
  response.end(
    `${method} ${url} ${headers['content-type'] ?? '-'} ${String(headers['x-own'] ?? '-')} ${body}\u001B[2J`,
  );
}

it('passes on what a provider answers, byte for byte, and says who it was', async () => {
  const { out, error, code } = await asProcess(['call', 'echo', '/a?b=c'], env);
  expect({ out, code }).toEqual({ out: 'GET /a?b=c - - \u001B[2J', code: 0 });
  expect(error).toMatch(/^200 from (small|medium|large) at http:\/\/127\.0\.0\.1:\d+ in [\d.]+ ms\n$/);
});

it('sends what it is told to', async () => {
  const { out } = await inProcess(['call', 'echo', '/', '--data', '{"a":1}', '--header', 'x-own: yes'], env);
  expect(out).toBe('POST / application/json yes {"a":1}\u001B[2J');
  const put = ['call', 'echo', '/', '--data', 'plain', '--method', 'put', '--header', 'Content-Type: text/x'];
  expect((await inProcess(put, env)).out).toBe('PUT / text/x - plain\u001B[2J');
});

it('exits with 1 for an answer of 400 and above', async () => {
  const { out, error, code } = await inProcess(['call', 'echo', '/', '--header', 'x-status: 404'], env);
  expect(code).toBe(1);
  expect(out).toContain('GET / ');
  expect(error).toMatch(/^404 from /);
});

it('sends many, spread by weight, and counts what became of them', async () => {
  const before = providers.map(({ requests }) => requests);
  const { out, code } = await inProcess(
    ['call', 'echo', '/', '--count', '600', '--policy', 'staticStride', '--json'],
    env,
  );
  expect(code).toBe(0);
  const sent = providers.map(({ requests }, index) => requests - (before[index] ?? 0));
  expect(JSON.parse(out)).toMatchObject({
    requests: 600,
    failed: 0,
    outcomes: { 200: 600 },
    peers: [
      { id: 'large', requests: sent[2], weightShare: 0.5 },
      { id: 'medium', requests: sent[1] },
      { id: 'small', requests: sent[0] },
    ],
  });
  // A stride scheduler is exact but for where it begins.
  expect(sent.map((number) => Math.round(number / 100))).toEqual([1, 2, 3]);
  const failing = await inProcess(['call', 'echo', '/', '--count', '20', '--header', 'x-status: 500'], env);
  expect(failing.code).toBe(1);
  expect(failing.out).toMatch(/ 20 failed, 0 retries\. 500 × 20\n$/);
});

it('sends nothing to one that was drained, nor to one that was given no weight', async () => {
  await inProcess(['drain', 'echo', 'large'], env);
  await inProcess(['weight', 'echo', 'medium', '0'], env);
  const before = providers.map(({ requests }) => requests);
  expect((await inProcess(['call', 'echo', '/', '--count', '50'], env)).code).toBe(0);
  expect(providers.map(({ requests }, index) => requests - (before[index] ?? 0))).toEqual([50, 0, 0]);
  await inProcess(['override', 'clear', 'echo', 'large'], env);
  await inProcess(['override', 'clear', 'echo', 'medium'], env);
  expect((await inProcess(['call', 'echo', '/', '--count', '50', '--policy', 'roundRobin'], env)).code).toBe(0);
  expect(Math.min(...providers.map(({ requests }, index) => requests - (before[index] ?? 0)))).toBeGreaterThan(10);
});

it('says that nobody is registered, or that etcd is away', async () => {
  expect(await inProcess(['call', 'nobody', '/'], env)).toEqual({
    code: 1,
    out: '',
    error: 'lb: No endpoint of "nobody" is registered (ERR_NOT_FOUND)\n',
  });
  expect((await inProcess(['call', 'echo', '/'], { ETCD_HOSTS: '127.0.0.1:1' })).code).toBe(3);
});
