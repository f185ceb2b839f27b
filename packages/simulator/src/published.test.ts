/** What queueing theory and published papers say, and the simulator has to find again. */
import { policies } from '@lb/core';
import { expect, it } from 'vitest';

import type { Contender } from './contender.ts';
import { contenders } from './contenders.ts';
import type { Model } from './model.ts';
import { run } from './run.ts';

const bare = { ejection: false, slowStart: false } as const;

function openLoop(servers: number, slots: number, use: number, requests: number): Model {
  const perSecond = servers * slots * use * 100;
  const durationMs = (requests / perSecond) * 1000;
  return {
    servers: Array.from({ length: servers }, (_, index) => ({ id: `s${index}`, slots })),
    clients: { count: 1 },
    load: { kind: 'open', perSecond },
    service: { kind: 'exponential', meanMs: 10 },
    network: { delayMs: 0 },
    durationMs,
    warmupMs: durationMs / 5,
  };
}

/** Mean time in an M/M/c queue, in units of the service time (Erlang C). */
function erlangC(slots: number, use: number): number {
  const offered = slots * use;
  let term = 1;
  let sum = 1;
  for (let k = 1; k < slots; k += 1) sum += term *= offered / k;
  const full = (term * offered) / slots / (1 - use);
  return 1 + full / (sum + full) / (slots * (1 - use));
}

it.each([
  [1, 0.7],
  [4, 0.8],
  [24, 0.9],
])('agrees with M/M/%i at a use of %f within 3 %%', (slots, use) => {
  const results = [1, 2, 3].map(
    (seed) => run(openLoop(1, slots, use, 400_000), contenders.p2c, { seed }).latency.meanMs,
  );
  const mean = results.reduce((sum, value) => sum + value, 0) / results.length / 10;
  expect(Math.abs(mean / erlangC(slots, use) - 1)).toBeLessThan(0.03);
});

it('has a central queue that is one M/M/c over all servers', () => {
  const mean = run(openLoop(6, 4, 0.9, 600_000), contenders.centralQueue, { seed: 1 }).latency.meanMs / 10;
  expect(Math.abs(mean / erlangC(24, 0.9) - 1)).toBeLessThan(0.03);
});

/**
 * The supermarket model: n queues of one server each, n large, the shorter of d: T = Σ λ^((dⁱ - d) / (d - 1)) (Mitzenmacher 1996).
 */
function supermarket(load: number, choices: number): number {
  let sum = 0;
  for (let i = 1; i < 60; i += 1) {
    sum += load ** (choices === 1 ? i - 1 : (choices ** i - choices) / (choices - 1));
  }
  return sum;
}

it.each([
  ['two choices', 0.7, policies.p2c, 2],
  ['two choices', 0.9, policies.p2c, 2],
  ['two choices', 0.95, policies.p2c, 2],
  ['random choice', 0.7, policies.random, 1],
] as const)(
  'agrees with the supermarket model for %s at a use of %f within 5 %%',
  (name, load, createPolicy, choices) => {
    const contender: Contender = { name, createPolicy, pool: bare };
    const mean = run(openLoop(300, 1, load, 700_000), contender, { seed: 1 }).latency.meanMs / 10;
    expect(Math.abs(mean / supermarket(load, choices) - 1)).toBeLessThan(0.05);
  },
);

/**
 * The setting of Prequal's §5, smaller: 100 clients, 100 servers of four cores, half of them at half speed, work N(75, 75) ms at least
 * 0, at three quarters of the capacity (Wydrowski et al., NSDI 2024, Figs 7 and 9).
 */
function prequalModel(): Model {
  const meanMs = 81.25;
  const perSecond = (0.75 * (50 * 4 + 50 * 4 * 0.5) * 1000) / meanMs;
  return {
    servers: Array.from({ length: 100 }, (_, index) => ({
      id: `s${index}`,
      slots: 4,
      speed: index % 2 === 0 ? 1 : 0.5,
    })),
    clients: { count: 100, maxPending: 10_000 },
    load: { kind: 'open', perSecond },
    service: { kind: 'normal', meanMs: 75, deviationMs: 75 },
    durationMs: 30_000,
    warmupMs: 10_000,
  };
}

it('puts the rules in the order that Prequal found: probes before latency before own counts before turns', () => {
  const tail = (contender: Contender): number => run(prequalModel(), contender, { seed: 1 }).latency.p99Ms;
  const prequal = tail({ ...contenders.prequal, pool: bare });
  const byLatency = tail({ ...contenders.finaglePeakEwma, pool: bare });
  const byOwnCounts = tail({ ...contenders.p2c, pool: bare });
  const inTurn = tail({ ...contenders.roundRobin, pool: bare });
  expect(prequal).toBeLessThan(byLatency);
  expect(byLatency).toBeLessThan(byOwnCounts);
  expect(byOwnCounts).toBeLessThan(inTurn);
});

it('finds, as Prequal did, that counting requests alone has the longer tail than hot and cold', () => {
  const tail = (hotQuantile: number): number => {
    const contender: Contender = {
      name: 'prequal',
      createPolicy: ({ probes }) => policies.prequal({ source: probes, hotQuantile }),
      pool: bare,
    };
    return run(prequalModel(), contender, { seed: 1 }).latency.p99Ms;
  };
  expect(tail(0)).toBeGreaterThan(1.05 * tail(0.84));
});
