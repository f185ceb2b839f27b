/**
 * The preliminary round of the middleware race of 2018: one consumer, three providers whose processor quotas stand 1:2:3, 200 threads each
 * without a queue, 50 ms of sleep a call, and a closed loop of 128, 256 or 512 connections.
 *
 * The quotas were 0.6, 1.2 and 1.8 cores in periods of 50 ms. What a call cost is not known; with a quarter of a millisecond the quotas
 * are 2 400, 4 800 and 7 200 calls a second, and all three bounds C/D can be reached. The second model takes 0.3 ms: then the small one's
 * quota and the threads of the other two leave 10 000 a second, 97.7 % of C/D at 512, whatever the policy.
 *
 * With 512 connections a split by quota asks the large provider for 256 of its 200 threads: the best weights depend on which resource is
 * short, so no fixed ones are right at all three loads.
 */
import { policies } from '@lb/core';

import type { Contender } from '../contender.ts';
import { contenders } from '../contenders.ts';
import type { Model } from '../model.ts';
import { withWeights } from '../rivals/with-weights.ts';
import type { Course, Race } from './race.ts';

const workMs = 50;
const threads = 200;
const quotaCores = { small: 0.6, medium: 1.2, large: 1.8 };
/** Of the container's quota. */
const periodMs = 50;

function model(connections: number, callMs: number): Model {
  return {
    servers: Object.entries(quotaCores).map(([id, cores], index) => {
      const perSecond = (cores / callMs) * 1000;
      return {
        id,
        slots: threads,
        queueLimit: 0,
        weight: index + 1,
        maxConcurrency: threads,
        cpu: { perSecond, burst: (perSecond * periodMs) / 1000 },
      };
    }),
    clients: { count: 1, maxPending: connections },
    load: { kind: 'closed', connections },
    service: { kind: 'fixed', ms: workMs },
    network: { delayMs: 0.05, jitterMs: 0.05 },
    durationMs: 20_000,
    warmupMs: 5000,
  };
}

const uncapped = (contender: Contender, name: string): Contender => ({
  ...contender,
  name,
  endpoint: (endpoint) => ({ ...endpoint, maxConcurrency: undefined }),
});

const fixedWeights = contenders.smoothWeightedRoundRobin;
const field: readonly Contender[] = [
  contenders.p2cPeakEwma,
  uncapped(contenders.p2cPeakEwma, 'p2cPeakEwma, cap not told'),
  contenders.p2cLatency,
  uncapped(contenders.p2cLatency, 'p2cLatency, cap not told'),
  contenders.p2c,
  contenders.leastLoaded,
  uncapped(contenders.leastLoaded, 'leastLoaded, cap not told'),
  contenders.finaglePeakEwma,
  contenders.prequal,
  uncapped(contenders.bareRandom, 'random (the seed)'),
  withWeights(fixedWeights, 'round robin 1:2:3', { small: 1, medium: 2, large: 3 }),
  withWeights(fixedWeights, 'round robin 112:200:200', { small: 112, medium: 200, large: 200 }),
  contenders.champion2018,
  contenders.undiciBalancedPool,
  uncapped({ name: 'roundRobin', createPolicy: () => policies.roundRobin() }, 'round robin 1:1:1'),
  contenders.oracle,
];

function course(connections: number, callMs: number): Course {
  const cores = Object.values(quotaCores);
  const byServers = cores.reduce((sum, share) => sum + Math.min(share / callMs, threads / workMs), 0) * 1000;
  return {
    name: `${connections} connections, ${callMs} ms of processor a call`,
    model: () => model(connections, callMs),
    contenders: field,
    boundPerSecond: Math.min((connections / workMs) * 1000, byServers),
    against: 'oracle',
  };
}

export const race2018: Race = {
  name: 'race-2018',
  about:
    'Closed loop, three providers of quota 1:2:3 and 200 threads each, 50 ms a call; the bound is C/D or what the providers can do.',
  courses: [0.25, 0.3].flatMap((callMs) => [128, 256, 512].map((connections) => course(connections, callMs))),
  runs: 1,
};
