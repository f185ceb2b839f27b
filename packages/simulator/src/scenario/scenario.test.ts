import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { run } from '../run.ts';
import { scenarioFromState } from './from-state.ts';
import { parseScenario } from './scenario.ts';

const minimal = `duration: 10s
load: { perSecond: 100 }
service: { exponential: 10ms }
servers:
  - { id: a, slots: 2 }
`;

it('fills in what a scenario does not say', () => {
  const { name, model, policies, seed } = parseScenario(minimal);
  expect({ name, seed, first: policies[0]?.name }).toEqual({ name: 'A cluster', seed: 1, first: 'p2cLatency' });
  expect(model).toEqual({
    durationMs: 10_000,
    warmupMs: 1000,
    load: { kind: 'open', perSecond: 100 },
    service: { kind: 'exponential', meanMs: 10 },
    clients: { count: 1 },
    servers: [{ id: 'a', slots: 2 }],
  });
});

it('reads every field', () => {
  const { model, policies } = parseScenario(`
name: All of it
seed: 7
duration: 1m
warmup: 500ms
policies: [p2c, oracle]
load: { connections: 64, think: 1ms, pauseAfterFailure: 2ms }
service: { lognormal: { median: 8ms, p99: 40ms } }
clients: { count: 4, retries: 2, timeout: 2s, maxPending: 10, hedgeAfterQuantile: 0.9 }
network: { delay: 250us, jitter: 0.1ms }
registry: { lag: 20ms, leaseTtl: 10s, outages: [{ from: 1s, until: 2s }] }
servers:
  - { id: node, count: 2, slots: 4, queue: 10, speed: 2, weight: 3, maxConcurrency: 8, zone: z1 }
  - { id: late, slots: 1, absent: true, service: { fixed: 3 }, cpu: { perSecond: 50, burst: 5 } }
events:
  - { at: 10s, server: node-1, speed: 0.5 }
  - { at: 11s, server: node-2, failing: 0.5, after: 2ms }
  - { at: 12s, server: late, start: true }
`);
  expect(policies.map(({ name }) => name)).toEqual(['p2c', 'oracle']);
  expect(model).toMatchObject({
    durationMs: 60_000,
    warmupMs: 500,
    load: { kind: 'closed', connections: 64, thinkMs: 1, pauseAfterFailureMs: 2 },
    service: { kind: 'lognormal', medianMs: 8, sigma: expect.closeTo(0.6918, 3) },
    clients: { count: 4, maxAttempts: 3, attemptTimeoutMs: 2000, maxPending: 10, hedge: { quantile: 0.9 } },
    network: { delayMs: 0.25, jitterMs: 0.1 },
    registry: { lagMs: 20, leaseTtlMs: 10_000, outages: [{ fromMs: 1000, untilMs: 2000 }] },
    changes: [
      { atMs: 10_000, kind: 'speed', server: 'node-1', speed: 0.5 },
      { atMs: 11_000, kind: 'failing', server: 'node-2', share: 0.5, afterMs: 2 },
      { atMs: 12_000, kind: 'start', server: 'late' },
    ],
  });
  expect(model.servers.map(({ id }) => id)).toEqual(['node-1', 'node-2', 'late']);
  expect(model.servers[2]).toMatchObject({
    present: false,
    service: { kind: 'fixed', ms: 3 },
    cpu: { perSecond: 50, burst: 5 },
  });
});

it.each([
  ['duration: ten', 'cluster.yaml:1: duration must be a time such as 250us, 50ms, 1.5s or 2m, got "ten"'],
  [`${minimal}sed: 3\n`, 'cluster.yaml:6: sed is not known; did you mean "seed"?'],
  [minimal.replace('slots: 2', 'slots: two'), 'cluster.yaml:5: servers[0].slots must be a number, got "two"'],
  [minimal.replace(', slots: 2', ''), 'cluster.yaml:5: servers[0] has no "slots", which is required'],
  [
    minimal.replace('{ perSecond: 100 }', '{ perSecond: 100, connections: 3 }'),
    'cluster.yaml:2: load must have one of perSecond, connections, got perSecond and connections',
  ],
  [
    minimal.replace('slots: 2', 'slots: -1'),
    'cluster.yaml:5: servers[0].slots must be an integer from 0 to 1073741824, got -1',
  ],
  [
    `${minimal}events: [{ at: 1s, server: b, crash: true }]\n`,
    'cluster.yaml:6: events[0].server must be one of a, got "b"',
  ],
  [`${minimal}policies: [best]\n`, /cluster\.yaml:6: policies\[0\] must be one of p2cLatency, .*, got "best"/],
  ['servers: [', /^cluster\.yaml:1: Flow sequence/],
  ['', 'cluster.yaml: must be a set of fields, got null'],
])('says what is wrong with %j, and where', (source, message) => {
  expect(() => parseScenario(source, 'cluster.yaml')).toThrow(message);
  expect(() => parseScenario(source, 'cluster.yaml')).toThrow(expect.objectContaining({ code: 'ERR_SCENARIO' }));
});

it('runs the example', () => {
  const file = new URL('../../examples/brownout.yaml', import.meta.url);
  const { model, policies, seed } = parseScenario(readFileSync(file, 'utf8'));
  const [ours, turns] = policies.map((policy) => run(model, policy, { seed }));
  expect(ours?.succeeded).toBe(ours?.requests);
  expect(ours?.latency.p99Ms).toBeLessThan(100);
  expect(turns?.latency.p99Ms).toBeGreaterThan(1000);
});

const state = {
  service: 'hash',
  peers: [
    { id: 'x1', name: 'small', weight: 1, limit: 200, perSecond: 40, p50Ms: 52, p99Ms: 60, state: 'serving' },
    { id: 'x2', name: 'large', weight: 3, limit: null, perSecond: 120, p50Ms: 51, p99Ms: 58, state: 'serving' },
    { id: 'x3', name: 'large', weight: 3, limit: null, perSecond: 0, p50Ms: null, p99Ms: null, state: 'serving' },
  ],
};

it('makes a scenario of what a consumer sees', () => {
  const { name, model } = scenarioFromState(state, { without: 'large' });
  expect(name).toBe('Without large, at the load of now');
  expect(model.load).toEqual({ kind: 'open', perSecond: 160 });
  expect(model.servers).toMatchObject([
    { id: 'small', slots: 200, weight: 1, maxConcurrency: 200, queueLimit: 0 },
    // 4 × 120/s × 51 ms
    { id: 'large', slots: 25, weight: 3, service: { kind: 'lognormal', medianMs: 51 } },
    { id: 'large-3', slots: 8 },
  ]);
  expect(model.changes).toEqual([{ atMs: 20_000, kind: 'crash', server: 'large' }]);
});

it('loses a peer by its id, and supposes another load', () => {
  const peers = [
    { id: 'a-1', name: 'a', perSecond: 100, p50Ms: 10 },
    { id: 'b-1', perSecond: 50, p50Ms: 10 },
  ];
  const { name, model } = scenarioFromState({ peers }, { without: 'a-1', perSecond: 600 });
  expect(name).toBe('Without a, at 600 requests a second');
  expect(model.load).toEqual({ kind: 'open', perSecond: 600 });
  expect(model.changes).toEqual([{ atMs: 20_000, kind: 'crash', server: 'a' }]);
  expect(scenarioFromState({ peers }, { perSecond: 600 }).name).toBe('At 600 requests a second');
  expect(() => scenarioFromState({ peers }, { perSecond: 0 })).toThrow('"perSecond" must be a number above 0');
});

it.each([
  [{ peers: [] }, undefined, 'The state lists no peers'],
  [{ peers: [{ name: 'a', perSecond: 0 }] }, undefined, 'The state shows no traffic'],
  [state, 'medium', 'No peer is called "medium"; there are small, large, large-3'],
  [{ error: 'not found' }, undefined, 'The state is not one of a consumer:  has no "peers", which is required'],
])('refuses the state %j without %s', (given, without, message) => {
  expect(() => scenarioFromState(given, { without })).toThrow(message);
});
