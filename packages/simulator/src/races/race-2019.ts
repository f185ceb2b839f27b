/**
 * The preliminary round of 2019, "adaptive load balance": 1 024 connections, three providers whose reply times are exponential and
 * whose allowed concurrency changes during the run, so that together they can bear less than, about and more than is asked, and
 * none can carry all. The score is the number of successes.
 *
 * The real configuration is not published. Here slots step every 3 s by a script of chance: total slots are 0.8, 1 and 1.25 times the
 * connections in turn, in 30 s of virtual time, split about 1:2:3, each part off by up to a third. Nobody is told: splits set by hand
 * were against the rules, so no weight and no limit is registered, and the two that know the weights run out of competition. One over
 * the slots is refused at once, and costs its connection 5 ms.
 */
import { AimdLimiter } from '@lb/core';

import { stream } from '../chance/stream.ts';
import { contenders } from '../contenders.ts';
import type { Contender } from '../contender.ts';
import type { Change, Model } from '../model.ts';
import { withWeights } from '../rivals/with-weights.ts';
import type { Race } from './race.ts';

const connections = 1024;
const ids = ['small', 'medium', 'large'] as const;
const stepMs = 3000;
const warmupMs = 3000;
const durationMs = warmupMs + 30_000;
const factors = [0.8, 1, 1.25];

function slotsAt(step: number, seed: number): number[] {
  const random = stream(seed, 'workload', step);
  const parts = ids.map((_, index) => (index + 1) * (1 + (2 * random() - 1) / 3));
  const sum = parts.reduce((total, part) => total + part, 0);
  const total = connections * (factors[step % factors.length] ?? 1);
  return parts.map((part) => Math.round((part / sum) * total));
}

function model(seed: number): Model {
  const first = slotsAt(0, seed);
  const changes: Change[] = [];
  for (let step = 1; step * stepMs < durationMs; step += 1) {
    for (const [index, slots] of slotsAt(step, seed).entries()) {
      changes.push({ atMs: step * stepMs, kind: 'slots', server: ids[index] ?? '', slots });
    }
  }
  return {
    servers: ids.map((id, index) => ({ id, slots: first[index] ?? 1, queueLimit: 0 })),
    clients: { count: 1, maxPending: connections },
    load: { kind: 'closed', connections, pauseAfterFailureMs: 5 },
    service: { kind: 'exponential', meanMs: 50 },
    network: { delayMs: 0.25, jitterMs: 0.1 },
    changes,
    durationMs,
    warmupMs,
  };
}

const field: readonly Contender[] = [
  contenders.p2cPeakEwma,
  {
    ...contenders.p2cLatency,
    name: 'p2cLatency, limits found',
    pool: { limiter: () => new AimdLimiter({ max: 1024 }) },
  },
  contenders.p2cLatency,
  contenders.p2c,
  contenders.leastLoaded,
  contenders.finaglePeakEwma,
  contenders.prequal,
  contenders.roundRobin,
  contenders.bareRandom,
  contenders.champion2018,
  contenders.undiciBalancedPool,
  withWeights(contenders.smoothWeightedRoundRobin, 'round robin 1:2:3', { small: 1, medium: 2, large: 3 }),
  contenders.oracle,
  contenders.centralQueue,
];

export const race2019: Race = {
  name: 'race-2019',
  about:
    'Closed loop of 1 024 connections, exponential replies of 50 ms, slots that step every 3 s and are told to nobody.',
  courses: [{ name: 'stepping slots', model, contenders: field, against: 'oracle' }],
  runs: 20,
};
