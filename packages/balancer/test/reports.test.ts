/** What providers say of themselves, and what comes of it. */
import { policies, seededRandom } from '@lb/core';
import { describe, expect, it } from 'vitest';

import { HttpProbes } from '../src/index.ts';
import type { HttpProvider } from './support/http-provider.ts';
import { balance, provider } from './support/setup.ts';
import { Snapshots } from './support/snapshots.ts';

const ask = async (balancer: ReturnType<typeof balance>, count: number, pauseMs = 0): Promise<void> => {
  for (let request = 0; request < count; request += 1) {
    await (await balancer.request('/')).body.dump();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
};

describe('a load report', () => {
  it('gives each provider the share that its report earns it', async () => {
    const reporting = (name: string, header: string) =>
      provider(name, (_request, response) => response.setHeader('endpoint-load-metrics', header).end());
    const fast = await reporting('fast', 'TEXT cpu_utilization=0.2,rps_fractional=300');
    const slow = await reporting('slow', 'JSON {"cpu_utilization": 0.2, "rps_fractional": 100}');
    const wrong = await reporting('wrong', 'TEXT cpu_utilization=NaN,rps_fractional=1e99');
    const policy = policies.orcaWeightedRoundRobin({ blackoutMs: 0, updateMs: 1 });
    const balancer = balance({ over: [fast, slow, wrong], policy });
    await ask(balancer, 10, 1);
    const before = [fast, slow, wrong].map(({ asked }) => asked.length);
    await ask(balancer, 600);
    const shares = [fast, slow, wrong].map(({ asked }, index) => (asked.length - before[index]!) / 600);
    // Whoever says nothing that can be believed counts as the mean of the others.
    expect(shares).toEqual([3 / 6, 1 / 6, 2 / 6].map((share) => expect.closeTo(share, 1)));
  });
});

describe('probes for Prequal', () => {
  const load = (name: string, inFlight: string, latency: string, onAnswers = false) =>
    provider(name, (request, response) => {
      if (onAnswers || request.url === '/lb/probe') {
        response.setHeader('x-lb-in-flight', inFlight).setHeader('x-lb-latency-ms', latency);
      }
      response.end();
    });

  it('send requests to whoever is fastest at what it has to do', async () => {
    const [idle, slow, hot] = [
      await load('idle', '2', '15'),
      await load('slow', '3', '60.5'),
      await load('hot', '80', '20'),
    ];
    const probes = new HttpProbes({ timeoutMs: 60_000 });
    // On a busy machine a request may take longer than what a probe said counts by default.
    const policy = policies.prequal({ source: probes, maxAgeMs: 60_000 });
    const balancer = balance({ over: [idle, slow, hot], policy, probes, random: seededRandom(1) });
    await ask(balancer, 20, 2);
    const counts = () => [idle, slow, hot].map(({ asked }) => asked.filter((one) => one === 'GET /').length);
    const before = counts();
    await ask(balancer, 50, 1);
    const [toIdle = 0, , toHot = 0] = counts().map((count, index) => count - before[index]!);
    expect(toIdle).toBeGreaterThan(35);
    expect(toHot).toBeLessThan(5);
    // One connection to each, for any number of probes.
    expect(idle.connections).toBeLessThan(5);
  });

  it('are not needed where every answer says as much', async () => {
    const only = await load('only', '2', '20', true);
    const probes = new HttpProbes();
    const seen: unknown[] = [];
    const balancer = balance({ over: [only], probes });
    probes.observe = (peer, headers) => void seen.push([peer.id, headers['x-lb-in-flight']]);
    await ask(balancer, 2);
    expect(seen).toEqual([
      ['only', '2'],
      ['only', '2'],
    ]);
  });

  it.each([
    ['says nothing', {}],
    ['says nonsense', { 'x-lb-in-flight': '-1', 'x-lb-latency-ms': '1e3' }],
    ['says half of it', { 'x-lb-in-flight': '1' }],
  ])('change nothing when a provider %s', async (_what, headers) => {
    const vague = await provider('vague', (_request, response) => response.writeHead(200, headers).end());
    const other = await provider('other', (_request, response) =>
      response.writeHead(404, { 'x-lb-in-flight': '0', 'x-lb-latency-ms': '0' }).end(),
    );
    const probes = new HttpProbes();
    const policy = policies.prequal({ source: probes });
    const balancer = balance({ over: [vague, other], policy, probes, random: seededRandom(1) });
    await ask(balancer, 40, 1);
    const asked = vague.asked.filter((one) => one === 'GET /').length;
    expect(asked).toBeGreaterThan(8);
    expect(asked).toBeLessThan(32);
  });

  it('leave nothing behind', async () => {
    const hanging = await provider('hanging', (request, response) => {
      if (request.url === '/') response.end();
    });
    const probes = new HttpProbes({ timeoutMs: 5000 });
    const balancer = balance({
      over: [hanging, await provider('other')],
      policy: policies.prequal({ source: probes }),
      probes,
    });
    await ask(balancer, 5);
    await balancer.close();
    await expect.poll(() => hanging.open()).toBe(0);
  });

  it.each([
    { option: 'probes.path', options: { path: 'probe' } },
    { option: 'probes.timeoutMs', options: { timeoutMs: 0 } },
  ])('are refused with $options', ({ option, options }) => {
    expect(() => new HttpProbes(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }));
  });
});

it('drops a suspect that does not answer, and keeps those that do', async () => {
  const all: HttpProvider[] = [];
  for (const id of ['a', 'b', 'c', 'd']) all.push(await provider(id));
  const discovery = new Snapshots();
  const balancer = balance({ over: discovery, probe: { path: '/livez', perSecond: 100 } });
  discovery.put(...all.map(({ endpoint }) => endpoint));
  await ask(balancer, 4);
  discovery.put();
  await expect.poll(() => balancer.pool.revision).toBe(2);
  const suspects = [...balancer.pool.peers].map(({ id }) => id);
  expect(suspects.length).toBeGreaterThanOrEqual(2);
  await all.find(({ id }) => id === suspects[0])!.stop();
  await expect.poll(() => [...balancer.pool.peers].map(({ id }) => id), { timeout: 10_000 }).toEqual(suspects.slice(1));
  expect(all.find(({ id }) => id === suspects[1])!.asked).toContain('GET /livez');
  await ask(balancer, 2);
});
