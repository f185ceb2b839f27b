import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { contenders } from '../contenders.ts';
import type { Change, Model } from '../model.ts';
import { run } from '../run.ts';
import { Simulation } from './simulation.ts';

const base: Model = {
  servers: [
    { id: 'small', slots: 2, weight: 1 },
    { id: 'large', slots: 4, weight: 2 },
  ],
  clients: { count: 2 },
  load: { kind: 'open', perSecond: 300 },
  service: { kind: 'exponential', meanMs: 10 },
  durationMs: 10_000,
};

const only = { ...base, servers: [{ id: 'only', slots: 1 }], clients: { count: 1 } };

it('gives the same result for the same seed, to the byte, and another one for another', () => {
  const of = (seed: number): string =>
    JSON.stringify(run({ ...base, network: { jitterMs: 1 } }, contenders.p2cLatency, { seed, sampleMs: 500 }));
  expect(of(7)).toBe(of(7));
  expect(of(8)).not.toBe(of(7));
});

it('lets every policy meet the same arrivals', () => {
  const counts = [contenders.p2cLatency, contenders.random, contenders.oracle].map(
    (contender) => run(base, contender, { seed: 3 }).requests,
  );
  expect(new Set(counts).size).toBe(1);
});

const change: fc.Arbitrary<Change> = fc
  .record({ atMs: fc.integer({ min: 0, max: 2500 }), server: fc.constantFrom('a', 'b', 'c') })
  .chain(({ atMs, server }) =>
    fc.oneof(
      fc.constantFrom('crash', 'start', 'drain', 'deregister').map((kind): Change => ({ atMs, server, kind })),
      fc.constantFrom(0, 0.2, 1, 3).map((speed): Change => ({ atMs, server, kind: 'speed', speed })),
      fc.integer({ min: 0, max: 5 }).map((slots): Change => ({ atMs, server, kind: 'slots', slots })),
      fc.constantFrom(0, 0.5, 1).map((share): Change => ({ atMs, server, kind: 'failing', share, afterMs: 1 })),
      fc.integer({ min: 0, max: 5 }).map((weight): Change => ({ atMs, server, kind: 'weight', weight })),
    ),
  );

const model: fc.Arbitrary<Model> = fc
  .record({
    slots: fc.integer({ min: 1, max: 3 }),
    queueLimit: fc.constantFrom(0, 3, Infinity),
    clients: fc.integer({ min: 1, max: 4 }),
    closed: fc.boolean(),
    delayMs: fc.constantFrom(0, 0.25, 5),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    timeout: fc.constantFrom(undefined, 15, 100),
    hedged: fc.boolean(),
    changes: fc.array(change, { maxLength: 8 }),
  })
  .map(({ slots, queueLimit, clients, closed, delayMs, maxAttempts, timeout, hedged, changes }) => ({
    servers: ['a', 'b', 'c'].map((id) => ({ id, slots, queueLimit })),
    clients: {
      count: clients,
      maxAttempts,
      maxPending: 20,
      ...(timeout !== undefined && { attemptTimeoutMs: timeout }),
      ...(hedged && { hedge: { quantile: 0.8, minSamples: 10 } }),
    },
    load: closed ? { kind: 'closed', connections: 12 } : { kind: 'open', perSecond: 500 },
    service: { kind: 'exponential', meanMs: 10 },
    network: { delayMs },
    registry: { leaseTtlMs: 300, outages: [{ fromMs: 1000, untilMs: 1200 }] },
    changes,
    durationMs: 3000,
  }));

describe('whatever happens', () => {
  it('every request ends once, and clients and servers count what is there', () => {
    fc.assert(
      fc.property(
        model,
        fc.constantFrom('p2cLatency', 'prequal', 'undiciBalancedPool', 'champion2018', 'oracle', 'centralQueue'),
        fc.nat(1000),
        (drawn, name, seed) => {
          const simulation = new Simulation(drawn, contenders[name], { seed });
          while (simulation.step(97)) simulation.audit();
          simulation.audit();
          const { requests, succeeded, failures, unfinished } = simulation.result();
          const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
          expect(succeeded + failed + unfinished).toBe(requests);
          expect(requests).toBeGreaterThan(0);
        },
      ),
      { numRuns: 120 },
    );
  });
});

it('serves work in as many slots as there are, and the rest in order', () => {
  const result = run(
    { ...only, service: { kind: 'fixed', ms: 100 }, load: { kind: 'closed', connections: 3 }, network: { delayMs: 0 } },
    contenders.p2c,
    { seed: 1 },
  );
  // Ten a second through one slot; each waits for the two before it.
  expect(result.successesPerSecond).toBeCloseTo(10, 0);
  expect(result.latency.p50Ms / 300).toBeCloseTo(1, 2);
  expect(result.servers[0]).toMatchObject({ peakInFlight: 3, share: 1 });
});

it('refuses what neither slots nor queue can hold', () => {
  const result = run(
    { ...only, servers: [{ id: 'only', slots: 1, queueLimit: 1 }], load: { kind: 'closed', connections: 5 } },
    contenders.p2c,
    { seed: 1 },
  );
  expect(result.servers[0]?.peakInFlight).toBe(2);
  // A few were sent before the end and answered after it.
  expect(Math.abs(result.refusals - result.failures.overload)).toBeLessThan(10);
  expect(result.refusals).toBeGreaterThan(1000);
});

it('has a client wait for a peer within its limit, and fails what is too much', () => {
  const limited = { ...only, servers: [{ id: 'only', slots: 4, maxConcurrency: 2 }] };
  const load = { kind: 'closed', connections: 6 } as const;
  const waiting = run({ ...limited, load }, contenders.p2c, { seed: 1 });
  expect(waiting.servers[0]?.peakInFlight).toBe(2);
  expect(waiting.succeeded).toBe(waiting.requests);
  const full = run({ ...limited, load, clients: { count: 1, maxPending: 1 } }, contenders.p2c, { seed: 1 });
  expect(full.failures.notSent).toBeGreaterThan(100);
});

it('slows down what is under way when a server slows down', () => {
  const result = run(
    {
      ...only,
      service: { kind: 'fixed', ms: 1000 },
      load: { kind: 'closed', connections: 1 },
      network: { delayMs: 0 },
      durationMs: 2500,
      changes: [{ atMs: 500, kind: 'speed', server: 'only', speed: 0.25 }],
    },
    contenders.p2c,
    { seed: 1 },
  );
  // Half of the first one's work at a quarter of the speed: 500 + 2 000 ms; the next takes 4 000.
  expect(result.latency.p50Ms / 2500).toBeCloseTo(1, 2);
});

it('starts as many calls a second as the processor has tokens for, after a burst', () => {
  const result = run(
    {
      ...only,
      servers: [{ id: 'only', slots: 1000, cpu: { perSecond: 100, burst: 10 } }],
      service: { kind: 'fixed', ms: 1 },
      load: { kind: 'closed', connections: 50 },
      warmupMs: 1000,
    },
    contenders.p2c,
    { seed: 1 },
  );
  expect(result.successesPerSecond).toBeCloseTo(100, 0);
});

it('loses what a crash takes with it, and finds the server again when it is back', () => {
  const changes: readonly Change[] = [
    { atMs: 3000, kind: 'crash', server: 'large' },
    { atMs: 6000, kind: 'start', server: 'large' },
  ];
  const result = run({ ...base, changes, registry: { leaseTtlMs: 1000 } }, contenders.p2cLatency, {
    seed: 3,
    sampleMs: 1000,
  });
  expect(result.failures.reset).toBeGreaterThan(0);
  // Three failures eject it, for each of two clients, and a probe now and then.
  expect(result.failures.connect).toBeLessThan(20);
  expect(result.samples[4]?.servers[1]?.sent).toBeLessThan(10);
  expect(result.samples[8]?.servers[1]?.sent).toBeGreaterThan(20);
});

it('retries what failed on another server, and counts the request once', () => {
  const failing: Model = {
    ...base,
    changes: [{ atMs: 0, kind: 'failing', server: 'small', share: 1, afterMs: 1 }],
    clients: { count: 1, maxAttempts: 3 },
  };
  const result = run(failing, contenders.roundRobin, { seed: 1 });
  expect(result.failures.status).toBe(0);
  expect(result.retries).toBeGreaterThan(0);
  expect(
    run({ ...failing, clients: { count: 1 } }, contenders.bareRandom, { seed: 1 }).failures.status,
  ).toBeGreaterThan(1000);
});

it('gives up an attempt after its time, while the server works on', () => {
  const result = run(
    {
      ...base,
      changes: [{ atMs: 5000, kind: 'speed', server: 'small', speed: 0 }],
      clients: { count: 1, attemptTimeoutMs: 200 },
    },
    contenders.p2cLatency,
    { seed: 1 },
  );
  expect(result.failures.timeout).toBeGreaterThan(0);
  expect(result.failures.timeout).toBeLessThan(30);
  expect(result.latency.maxMs).toBeLessThanOrEqual(200.5);
  expect(result.unfinished).toBe(0);
});

it('gives up each attempt on a server that hangs, at whatever moment it began', () => {
  const hung: Model = { ...only, changes: [{ atMs: 0, kind: 'speed', server: 'only', speed: 0 }] };
  const result = run({ ...hung, clients: { count: 1, attemptTimeoutMs: 200.3 } }, contenders.random, { seed: 1 });
  expect(result.failures.timeout).toBe(result.requests);
});

it('cuts the tail by a hedge', () => {
  const slow: Model = {
    ...base,
    servers: Array.from({ length: 10 }, (_, index) => ({ id: `s${index}`, slots: 20 })),
    service: { kind: 'trace', samplesMs: [...Array.from({ length: 99 }, () => 5), 500] },
    clients: { count: 1 },
  };
  const plain = run(slow, contenders.p2c, { seed: 1 });
  const hedged = run({ ...slow, clients: { count: 1, hedge: {} } }, contenders.p2c, { seed: 1 });
  expect(plain.latency.p999Ms).toBeGreaterThan(400);
  expect(hedged.latency.p999Ms).toBeLessThan(50);
  expect(hedged.hedges / hedged.requests).toBeLessThan(0.06);
});

it('keeps an outage of the registry from those who pick', () => {
  const away: Model = {
    ...base,
    registry: { leaseTtlMs: 500, outages: [{ fromMs: 2000, untilMs: 9000 }] },
    changes: [{ atMs: 4000, kind: 'deregister', server: 'large' }],
  };
  const result = run(away, contenders.roundRobin, { seed: 1, sampleMs: 1000 });
  expect(result.failures.notSent).toBe(0);
  expect(result.samples[7]?.servers[1]?.sent).toBeGreaterThan(50);
  expect(result.samples[9]?.servers[1]?.sent).toBe(0);
});

it('says so when time stands still', () => {
  const stuck: Model = {
    ...only,
    load: { kind: 'closed', connections: 1 },
    service: { kind: 'fixed', ms: 0 },
    network: { delayMs: 0 },
  };
  const simulation = new Simulation(stuck, contenders.p2c, { seed: 1, maxEventsAtOnce: 1000 });
  expect(() => simulation.step(10_000)).toThrow(/Time stands still at 0 ms/);
});

it.each([
  [{ durationMs: 0 }, 'durationMs'],
  [{ warmupMs: 10_000 }, 'warmupMs'],
  [{ servers: [] }, 'servers'],
  [{ servers: [{ id: 'a', slots: 1.5 }] }, 'servers[0].slots'],
  [
    {
      servers: [
        { id: 'a', slots: 1 },
        { id: 'a', slots: 1 },
      ],
    },
    'servers[1].id',
  ],
  [{ clients: { count: 0 } }, 'clients.count'],
  [{ load: { kind: 'closed', connections: 1, pauseAfterFailureMs: 0 } }, 'load.pauseAfterFailureMs'],
  [{ changes: [{ atMs: 1, kind: 'crash', server: 'nobody' }] }, 'changes[0].server'],
  [{ registry: { outages: [{ fromMs: 5, untilMs: 5 }] } }, 'registry.outages[0].untilMs'],
] as const)('refuses a model with %o', (part, option) => {
  expect(() => new Simulation({ ...base, ...part }, contenders.p2c, { seed: 1 })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }),
  );
});
