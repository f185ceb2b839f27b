import { hash } from '@lb/common';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { buildApp } from './app.ts';
import { readConfig } from './config.ts';

const build = (env: NodeJS.ProcessEnv = {}): ReturnType<typeof buildApp> =>
  buildApp(readConfig({ WORK_MS: '0', MAX_EVENT_LOOP_DELAY_MS: '0', LOG_LEVEL: 'silent', LB_NAME: 'small', ...env }));

describe('/hash', () => {
  it('computes the digest of a text, by GET and by POST', async () => {
    const app = await build();
    const sha256 = createHash('sha256').update('hello').digest('hex');
    const get = await app.inject('/hash?text=hello');
    expect(get.json()).toEqual({ hash: sha256, algorithm: 'sha256', rounds: 1, provider: 'small' });
    const post = await app.inject({ method: 'POST', url: '/hash', payload: { text: 'hello' } });
    expect(post.json()).toEqual(get.json());
  });

  it('takes the algorithm and the number of rounds', async () => {
    const app = await build();
    const { hash: twice } = (await app.inject('/hash?text=a&algorithm=md5&rounds=2')).json<{ hash: string }>();
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    expect(twice).toBe(md5(md5('a')));
    expect(hash({ text: 'a', algorithm: 'md5', rounds: 2 })).toBe(twice);
  });

  it.each(['/hash', '/hash?text=a&algorithm=crc32', '/hash?text=a&rounds=0', '/hash?text=a&rounds=10001'])(
    'refuses %s with 400',
    async (url) => {
      expect((await (await build()).inject(url)).statusCode).toBe(400);
    },
  );

  it('refuses with 503 and Retry-After when slots and queue are full', async () => {
    const app = await build({ SLOTS: '1', QUEUE: '0', WORK_MS: '600000' });
    await app.listen({ port: 0 });
    const leave = new AbortController();
    const first = fetch(`${app.listeningOrigin}/hash?text=a`, { signal: leave.signal }).catch(() => undefined);
    await expect.poll(async () => (await app.inject('/readyz')).json<{ slots: { used: number } }>().slots.used).toBe(1);
    const second = await app.inject('/hash?text=b');
    expect([second.statusCode, second.headers['retry-after']]).toEqual([503, '1']);
    // A caller that goes away gives its slot back.
    leave.abort();
    await first;
    await expect.poll(async () => (await app.inject('/readyz')).json<{ slots: { used: number } }>().slots.used).toBe(0);
    await app.close();
  });
});

it('says that it drains, and is not ready then, but goes on serving', async () => {
  const app = await build();
  expect((await app.inject('/readyz')).statusCode).toBe(200);
  app.lb.drain();
  expect((await app.inject('/readyz')).statusCode).toBe(503);
  const answer = await app.inject('/hash?text=a');
  expect([answer.statusCode, answer.headers['x-lb-draining'], answer.headers.connection]).toEqual([200, '1', 'close']);
});

it('describes itself, and says what it does in metrics', async () => {
  const app = await build();
  await app.inject('/hash?text=a');
  const { paths } = (await app.inject('/docs/json')).json<{ paths: Record<string, unknown> }>();
  expect(Object.keys(paths)).toContain('/hash');
  const metrics = (await app.inject('/metrics')).body;
  expect(metrics).toContain('lb_service_requests_total{status="2xx"}');
  expect(metrics).toContain('lb_service_slots 200');
  await app.close();
});

describe('the settings', () => {
  it('have defaults for all but what cannot be guessed', () => {
    expect(readConfig({})).toMatchObject({
      http: { PORT: 8080 },
      capacity: { slots: 200, workMs: 50 },
      register: { hosts: ['http://127.0.0.1:2379'], endpoint: { weight: 1 } },
    });
    expect(() => readConfig({ HOST: '0.0.0.0' })).toThrow('LB_ADVERTISE must be given');
    expect(() => readConfig({ HOST: '::' })).toThrow('LB_ADVERTISE must be given');
    expect(readConfig({ HOST: '::', LB_ADVERTISE: 'http://10.0.0.1:1' }).register.endpoint?.origin).toBe(
      'http://10.0.0.1:1',
    );
  });

  it.each([
    [{ PORT: 'http' }, 'PORT must be integer'],
    [{ PORT: '65536' }, 'PORT must be <= 65535'],
    [{ SLOTS: '0' }, 'SLOTS must be >= 1'],
    [{ LB_WEIGHT: '-1' }, 'LB_WEIGHT must be >= 0'],
    [{ WORK_DISTRIBUTION: 'normal' }, 'WORK_DISTRIBUTION must be'],
  ])('%o are refused: %s', (env, message) => {
    expect(() => readConfig(env)).toThrow(
      expect.objectContaining({ code: 'ERR_SETTINGS', message: expect.stringContaining(message) }),
    );
  });
});
