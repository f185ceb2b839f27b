/** What can be compared by name: the policies of `@lb/core` in a pool with its defaults, what others do, and bounds. */
import { InvalidOptionError, policies } from '@lb/core';

import type { Contender } from './contender.ts';
import { champion2018 } from './rivals/champion-2018.ts';
import { centralQueue, oracle } from './rivals/oracle.ts';
import { undiciBalancedPool } from './rivals/undici-balanced-pool.ts';

/** As in the reference: the pool picks, and has no opinion of its own about health. */
const bare = { ejection: false, slowStart: false } as const;

/** Names of `contenders`, as scenarios and the command know them. */
export type ContenderName =
  | 'p2cLatency'
  | 'p2cPeakEwma'
  | 'p2c'
  | 'leastLoaded'
  | 'finaglePeakEwma'
  | 'prequal'
  | 'smoothWeightedRoundRobin'
  | 'staticStride'
  | 'weightedRandom'
  | 'roundRobin'
  | 'random'
  | 'bareRandom'
  | 'champion2018'
  | 'undiciBalancedPool'
  | 'oracle'
  | 'centralQueue';

const ours = (name: ContenderName, createPolicy: Contender['createPolicy']): Contender => ({ name, createPolicy });

/** Every contender, by name: our policies, what others do, and the bounds. */
export const contenders: Readonly<Record<ContenderName, Contender>> = {
  p2cLatency: ours('p2cLatency', () => policies.p2cLatency()),
  p2cPeakEwma: ours('p2cPeakEwma', () => policies.p2cPeakEwma()),
  p2c: ours('p2c', () => policies.p2c()),
  leastLoaded: ours('leastLoaded', () => policies.leastLoaded()),
  finaglePeakEwma: ours('finaglePeakEwma', () => policies.finaglePeakEwma()),
  prequal: ours('prequal', ({ probes }) => policies.prequal({ source: probes })),
  smoothWeightedRoundRobin: ours('smoothWeightedRoundRobin', () => policies.smoothWeightedRoundRobin()),
  staticStride: ours('staticStride', () => policies.staticStride()),
  weightedRandom: ours('weightedRandom', () => policies.weightedRandom()),
  roundRobin: ours('roundRobin', () => policies.roundRobin()),
  random: ours('random', () => policies.random()),
  /** The answer of the race's chapter: any one, and nothing learned. */
  bareRandom: { ...ours('bareRandom', () => policies.random()), pool: bare },
  champion2018,
  undiciBalancedPool,
  oracle,
  centralQueue,
};

/** Whether a contender has this name. */
export function isContenderName(name: string): name is ContenderName {
  return Object.hasOwn(contenders, name);
}

/** @throws {InvalidOptionError} for a name that is not known, saying which are. */
export function contenderNamed(name: string): Contender {
  if (!isContenderName(name)) {
    throw new InvalidOptionError('policy', `one of ${Object.keys(contenders).join(', ')}`, name);
  }
  return contenders[name];
}
