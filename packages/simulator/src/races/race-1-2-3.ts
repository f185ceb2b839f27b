/**
 * Fourteen courses over machines of capacity 1:2:3, in an open loop: what users of a pool meet, and a policy must not lose on any.
 *
 * A to F are the six that this project's research began with; the rest is what goes wrong in a fleet. Work is exponential, 10 ms
 * in the mean; 240 000 requests, of which the first fifth do not count.
 */
import { policies } from '@lb/core';

import { contenders } from '../contenders.ts';
import type { Contender } from '../contender.ts';
import type { Change, Model, ServerModel } from '../model.ts';
import type { Course, Race } from './race.ts';

const requests = 240_000;
const meanMs = 10;

interface Shape {
  readonly servers: readonly ServerModel[];
  readonly clients: number;
  /** Share of all slots, at their speeds, that the load uses. */
  readonly use: number;
  readonly changes?: (durationMs: number) => readonly Change[];
  readonly requests?: number;
}

function model({ servers, clients, use, changes, requests: count = requests }: Shape): Model {
  const capacity = servers.reduce(
    (sum, { slots, speed = 1, present = true }) => sum + (present ? slots * speed : 0),
    0,
  );
  const perSecond = (use * capacity * 1000) / meanMs;
  const durationMs = (count / perSecond) * 1000;
  return {
    servers,
    clients: { count: clients, maxPending: 10_000 },
    load: { kind: 'open', perSecond },
    service: { kind: 'exponential', meanMs },
    network: { delayMs: 0.25 },
    changes: changes?.(durationMs) ?? [],
    durationMs,
    warmupMs: durationMs / 5,
  };
}

const sizes = ['small', 'medium', 'large'];
/** Slots 4, 8 and 12 with weights 1, 2 and 3. */
const byCores: readonly ServerModel[] = sizes.map((id, index) => ({ id, slots: 4 * (index + 1), weight: index + 1 }));
const withWeightsOf = (weights: readonly number[]): ServerModel[] =>
  byCores.map((server, index) => ({ ...server, weight: weights[index] ?? 1 }));

/** The large one at a third of its speed, for 2 s of every 6. */
function brownouts(server: string, speed: number) {
  return (durationMs: number): Change[] => {
    const changes: Change[] = [];
    for (let atMs = 4000; atMs < durationMs; atMs += 6000) {
      changes.push({ atMs, kind: 'speed', server, speed }, { atMs: atMs + 2000, kind: 'speed', server, speed: 1 });
    }
    return changes;
  };
}

/** There is always one that is slow, and never for long: who remembers longest is always wrong. */
function inTurn(turnMs: number, speed: number) {
  return (durationMs: number): Change[] => {
    const changes: Change[] = [];
    for (let turn = 0; (turn + 1) * turnMs < durationMs; turn += 1) {
      const server = sizes[turn % sizes.length] ?? '';
      changes.push({ atMs: turn * turnMs, kind: 'speed', server, speed });
      changes.push({ atMs: (turn + 1) * turnMs, kind: 'speed', server, speed: 1 });
    }
    return changes;
  };
}

const shapes: Readonly<Record<string, Shape>> = {
  'A  cores 4:8:12, 1 client, 90 %': { servers: byCores, clients: 1, use: 0.9 },
  'B  cores 4:8:12, 16 clients, 90 %': { servers: byCores, clients: 16, use: 0.9 },
  'C  speed 1:2:3 x 4 cores, 16 clients, 90 %': {
    servers: sizes.map((id, index) => ({ id, slots: 4, speed: index + 1, weight: index + 1 })),
    clients: 16,
    use: 0.9,
  },
  'D  30 machines, 40 clients, 90 %': {
    servers: Array.from({ length: 30 }, (_, index) => {
      const size = (index % 3) + 1;
      return { id: `${sizes[size - 1]}-${index}`, slots: 4 * size, weight: size };
    }),
    clients: 40,
    use: 0.9,
  },
  'E  cores 4:8:12, weights not known, 4 clients, 90 %': { servers: withWeightsOf([1, 1, 1]), clients: 4, use: 0.9 },
  'F  large one at 1/3 speed 2 s of 6, 8 clients, 60 %': {
    servers: byCores,
    clients: 8,
    use: 0.6,
    changes: brownouts('large', 1 / 3),
  },
  'G  weights wrong (3:2:1), 4 clients, 70 %': { servers: withWeightsOf([3, 2, 1]), clients: 4, use: 0.7 },
  'H  speeds 1:2:3, weights not known, 8 clients, 80 %': {
    servers: sizes.map((id, index) => ({ id, slots: 4, speed: index + 1 })),
    clients: 8,
    use: 0.8,
  },
  'I  medium one crashes and comes back, 8 clients, 50 %': {
    servers: byCores,
    clients: 8,
    use: 0.5,
    changes: (durationMs) => [
      { atMs: durationMs * 0.4, kind: 'crash', server: 'medium' },
      { atMs: durationMs * 0.7, kind: 'start', server: 'medium' },
    ],
  },
  'J  new machine, cold for 5 s, 8 clients, 70 %': {
    servers: [
      ...Array.from({ length: 9 }, (_, index): ServerModel => ({ id: `old-${index}`, slots: 4 })),
      { id: 'new', slots: 4, speed: 1 / 3, present: false },
    ],
    clients: 8,
    use: 0.7,
    changes: (durationMs) => [
      { atMs: durationMs * 0.5, kind: 'start', server: 'new' },
      { atMs: durationMs * 0.5 + 5000, kind: 'speed', server: 'new', speed: 1 },
    ],
  },
  'K  large one fails all in 1 ms, half of the time, 8 clients, 45 %': {
    servers: byCores,
    clients: 8,
    use: 0.45,
    changes: (durationMs) => [
      { atMs: durationMs * 0.4, kind: 'failing', server: 'large', share: 1, afterMs: 1 },
      { atMs: durationMs * 0.7, kind: 'failing', server: 'large', share: 0, afterMs: 1 },
    ],
  },
  'L  cores 4:8:12, 64 sparse clients, 90 %': { servers: byCores, clients: 64, use: 0.9 },
  'M  100 machines, half at half speed, not known, 100 sparse clients, 75 %': {
    servers: Array.from({ length: 100 }, (_, index) => ({
      id: `s${index}`,
      slots: 4,
      speed: index % 2 === 0 ? 1 : 0.5,
    })),
    clients: 100,
    use: 0.75,
  },
  'N  each at 1/3 speed in turn for 2 s, 1 client, 60 %': {
    servers: byCores,
    clients: 1,
    use: 0.6,
    changes: inTurn(2000, 1 / 3),
  },
};

/** The default without its third candidate. */
const ofTwo: Contender = {
  name: 'p2cLatency, of two',
  createPolicy: () => {
    const two = policies.p2c();
    return {
      ...policies.p2cLatency(),
      createPicker: (peers, random, previous) => two.createPicker(peers, random, previous),
    };
  },
};

const field: readonly Contender[] = [
  contenders.p2cLatency,
  ofTwo,
  contenders.p2cPeakEwma,
  contenders.p2c,
  contenders.leastLoaded,
  contenders.finaglePeakEwma,
  contenders.prequal,
  contenders.smoothWeightedRoundRobin,
  contenders.weightedRandom,
  contenders.bareRandom,
  contenders.undiciBalancedPool,
  contenders.oracle,
  contenders.centralQueue,
];

export const race123: Race = {
  name: 'race-1-2-3',
  about: "Open loop over machines of capacity 1:2:3; a policy is measured by how its p99 compares with the oracle's.",
  courses: Object.entries(shapes).map(([name, shape]): Course => ({
    name,
    model: () => model(shape),
    contenders: field,
    against: 'oracle',
  })),
  runs: 3,
  summed: true,
};
