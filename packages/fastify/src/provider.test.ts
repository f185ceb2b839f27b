import fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { type Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';

import { lameDuck, provider, type ProviderOptions, type RequestLb } from './index.ts';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** A provider with a route that waits until it is let go, one that tells what `request.lb` says, and one that hangs until its signal aborts. */
async function build(options: ProviderOptions = {}): Promise<{
  readonly app: FastifyInstance;
  readonly letGo: () => void;
  readonly seen: RequestLb[];
  readonly begun: () => number;
}> {
  const app = fastify();
  apps.push(app);
  // A busy machine must not make these refuse anything.
  await app.register(provider, { shedding: false, ...options });
  let begun = 0;
  const waiting: (() => void)[] = [];
  const seen: RequestLb[] = [];
  app.get('/wait', async () => {
    begun += 1;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return 'done';
  });
  app.post('/do', async () => {
    begun += 1;
    return 'done';
  });
  app.all('/hang', async ({ lb }) => {
    begun += 1;
    seen.push(lb);
    await new Promise((_resolve, reject) => lb.signal.addEventListener('abort', () => reject(lb.signal.reason)));
  });
  app.get('/tell', ({ lb }) => ({ attempt: lb.attempt, timeoutMs: lb.timeoutMs, left: lb.remainingMs() }));
  await app.ready();
  return { app, letGo: () => waiting.shift()?.(), seen, begun: () => begun };
}

const headers = (values: Record<string, string>, url = '/tell'): InjectOptions => ({ url, headers: values });

describe('deadlines', () => {
  it('tells a handler what its caller said, less what the way back takes', async () => {
    const { app } = await build();
    const said = await app.inject(headers({ 'x-lb-timeout-ms': '60000', 'x-lb-attempt': '2' }));
    expect(said.json()).toMatchObject({ attempt: 2, timeoutMs: 59_995 });
    expect(said.json<{ left: number }>().left).toBeLessThan(59_995);
    expect((await app.inject('/tell')).json()).toEqual({});
  });

  it('refuses with 504 what would be answered too late, before any work', async () => {
    const { app, begun } = await build();
    const answer = await app.inject({ method: 'POST', url: '/do', headers: { 'x-lb-timeout-ms': '5' } });
    expect([answer.statusCode, answer.json<{ code: string }>().code, begun()]).toEqual([504, 'ERR_DEADLINE_PASSED', 0]);
  });

  it('does not believe what is not a plain number', async () => {
    const { app } = await build();
    expect((await app.inject(headers({ 'x-lb-timeout-ms': '-1' }))).statusCode).toBe(200);
    expect((await app.inject(headers({ 'x-lb-timeout-ms': '1e1' }))).statusCode).toBe(200);
  });

  it('aborts the signal when the time is over, and what a handler throws for it is a 504', async () => {
    const { app } = await build();
    const answer = await app.inject({ url: '/hang', headers: { 'x-lb-timeout-ms': '30' } });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([504, 'ERR_DEADLINE_PASSED']);
  });

  it('refuses with 504 what waited for a slot until its time was over', async () => {
    const { app, letGo, begun } = await build({ slots: { slots: 1, queue: 5 } });
    const first = app.inject('/wait');
    await expect.poll(begun).toBe(1);
    const late = await app.inject({ method: 'POST', url: '/do', headers: { 'x-lb-timeout-ms': '30' } });
    expect([late.statusCode, late.headers['x-lb-nack'], begun()]).toEqual([504, undefined, 1]);
    letGo();
    await first;
  });

  it('does not take a POST whose body has been read for one that was given up', async () => {
    const { app, seen } = await build();
    await app.listen({ port: 0 });
    const asked = send(app.listeningOrigin, 'POST', '/hang', '{"a":1}');
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]?.signal.aborted).toBe(false);
    asked.leave();
    await expect.poll(() => seen[0]?.signal.aborted).toBe(true);
    expect(seen[0]?.signal.reason).toMatchObject({ code: 'ERR_CALLER_GONE' });
  });
});

describe('slots', () => {
  it('are for so many at once; the rest are refused, and told that nothing was done', async () => {
    const { app, letGo, begun } = await build({ slots: { slots: 1, queue: 0 } });
    const first = app.inject('/wait');
    await expect.poll(begun).toBe(1);
    const refused = await app.inject({ method: 'POST', url: '/do' });
    expect(refused.statusCode).toBe(503);
    expect(refused.headers).toMatchObject({ 'x-lb-nack': 'overload', 'retry-after': '1' });
    expect(begun()).toBe(1);
    const byBalancer = await app.inject({ method: 'POST', url: '/do', headers: { 'x-lb-attempt': '1' } });
    expect(byBalancer.headers).toMatchObject({ 'x-lb-nack': 'overload' });
    expect(byBalancer.headers).not.toHaveProperty('retry-after');
    letGo();
    expect((await first).statusCode).toBe(200);
    expect((await app.inject({ method: 'POST', url: '/do' })).statusCode).toBe(200);
  });

  it('do not keep health and probes out', async () => {
    const { app, letGo, begun } = await build({ slots: { slots: 1, queue: 0 } });
    const first = app.inject('/wait');
    await expect.poll(begun).toBe(1);
    for (const url of ['/livez', '/readyz', '/healthz']) expect((await app.inject(url)).statusCode).toBe(200);
    expect((await app.inject('/lb/probe')).headers).toMatchObject({ 'x-lb-in-flight': '1' });
    letGo();
    await first;
  });

  it('come back when a handler fails, and when a caller goes away, once its handler is done', async () => {
    const { app, letGo, begun } = await build({ slots: { slots: 1, queue: 0 } });
    app.lb.checks.set('slot', () => (app.lb.slots?.used === 0 ? 'ok' : 'used'));
    const ready = async (): Promise<number> => (await app.inject('/readyz')).statusCode;
    await app.inject({ url: '/hang', headers: { 'x-lb-timeout-ms': '30' } });
    expect(await ready()).toBe(200);

    await app.listen({ port: 0 });
    const asked = send(app.listeningOrigin, 'GET', '/wait');
    await expect.poll(begun).toBe(2);
    asked.leave();
    await expect.poll(() => app.lb.inFlight).toBe(0);
    // The handler takes no notice of its caller, so it still works.
    expect(await ready()).toBe(503);
    letGo();
    await expect.poll(ready).toBe(200);
  });
});

describe('load reports', () => {
  it('are in every answer, and at the probe route', async () => {
    const { app } = await build({ slots: { slots: 10 } });
    const { headers: told } = await app.inject('/tell');
    expect(told['x-lb-in-flight']).toBe('0');
    expect(told['x-lb-latency-ms']).toMatch(/^\d+(\.\d{1,3})?$/);
    const number = String.raw`\d+(\.\d+)?`;
    expect(told['endpoint-load-metrics']).toMatch(
      new RegExp(
        `^TEXT cpu_utilization=${number}, rps_fractional=${number}, eps=${number}, application_utilization=${number}$`,
      ),
    );
    const probe = await app.inject('/lb/probe');
    expect([probe.statusCode, Number(probe.headers['x-lb-latency-ms'])]).toEqual([204, expect.closeTo(0, -3)]);
  });

  it('count what is held besides the request that is answered', async () => {
    const { app, letGo, begun } = await build();
    const held = [app.inject('/wait'), app.inject('/wait')];
    await expect.poll(begun).toBe(2);
    expect((await app.inject('/tell')).headers['x-lb-in-flight']).toBe('2');
    letGo();
    letGo();
    await Promise.all(held);
    expect(app.lb.inFlight).toBe(0);
  });

  it('can be left out', async () => {
    const { app } = await build({ loadReport: false });
    expect((await app.inject('/tell')).headers).not.toHaveProperty('x-lb-in-flight');
    expect((await app.inject('/lb/probe')).statusCode).toBe(404);
  });
});

describe('health', () => {
  it('is ready while every check says ok, and says what is missing', async () => {
    const { app } = await build();
    app.lb.checks.set('database', () => 'ok');
    expect((await app.inject('/readyz')).json()).toMatchObject({ status: 'ok', checks: { database: 'ok' } });
    app.lb.checks.set('database', () => 'no connection');
    const answer = await app.inject('/healthz');
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      expect.objectContaining({ status: 'not ready', checks: { database: 'no connection' } }),
    ]);
    expect((await app.inject('/livez')).statusCode).toBe(200);
  });

  it('is not ready while it drains, and every answer says so and closes its connection', async () => {
    const { app } = await build();
    app.lb.drain();
    expect((await app.inject('/readyz')).json()).toMatchObject({ status: 'draining' });
    const answer = await app.inject('/tell');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'x-lb-draining': '1', connection: 'close' });
  });
});

it('refuses part of the work while the event loop is late, and is not ready then', async () => {
  let chance = 0.9999;
  const shedding = { maxEventLoopDelayMs: 10, sampleIntervalMs: 100, random: () => chance };
  const { app, begun } = await build({ shedding });
  // A loop that is blocked again and again: late by tens of milliseconds, and yet it runs.
  const block = setInterval(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40), 1);
  try {
    await expect.poll(() => app.isUnderPressure()).toBe(true);
    const answer = await app.inject({ method: 'POST', url: '/do' });
    expect([answer.statusCode, answer.headers['x-lb-nack'], begun()]).toEqual([503, 'overload', 0]);
    const ready = await app.inject('/readyz');
    expect(ready.json()).toMatchObject({ checks: { pressure: 'too busy' } });
    // The lucky ones get in: how many that are depends on how late the loop is.
    chance = 0;
    // A loop that was not once on time is as late as can be, and then nobody gets in until it is looked at again.
    await expect.poll(async () => (await app.inject({ method: 'POST', url: '/do' })).statusCode).toBe(200);
    chance = 0.9999;
    expect((await app.inject('/livez')).statusCode).toBe(200);
  } finally {
    clearInterval(block);
  }
  await expect.poll(async () => (await app.inject({ method: 'POST', url: '/do' })).statusCode).toBe(200);
});

it.each([
  [{ slots: { slots: 0 } }, '"slots"'],
  [{ slots: { slots: 1, queue: -1 } }, '"queue"'],
  [{ deadlineReserveMs: -1 }, '"deadlineReserveMs"'],
  [{ shedding: { maxEventLoopDelayMs: NaN } }, '"maxEventLoopDelayMs"'],
])('refuses %j', async (options, name) => {
  await expect(fastify().register(provider, options)).rejects.toThrow(name);
});

it('is made of plugins that say what they need', async () => {
  const { slotLimit } = await import('./index.ts');
  await expect(fastify().register(slotLimit, { slots: 1 })).rejects.toThrow('@lb/fastify-lame-duck');
  const app = fastify();
  await app.register(lameDuck);
  await app.register(slotLimit, { slots: 1 });
  expect(app.lb.slots).toMatchObject({ limit: 1, used: 0, queued: 0 });
});

/** Sends a request whose caller may leave. */
function send(origin: string, method: string, path: string, body?: string): { leave: () => void } {
  const options: { method: string; agent: false | Agent; headers: Record<string, string> } = {
    method,
    agent: false,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
  };
  const asked = request(`${origin}${path}`, options);
  asked.on('error', () => {});
  asked.end(body);
  return { leave: () => asked.destroy() };
}
