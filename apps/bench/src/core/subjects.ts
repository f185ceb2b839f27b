/** What is measured, by name: our policies, the packages they are compared with, and the bare index that nothing can beat. */
import { type Endpoint, Peer, type PickContext, policies, type Policy, success } from '@lb/core';

import { others } from './others.ts';
import { keys, type Subject, weightOf } from './subject.ts';

const silentProbes = { probe: (): void => {} };

const creators: Readonly<Record<string, () => Policy>> = {
  random: () => policies.random(),
  weightedRandom: () => policies.weightedRandom(),
  roundRobin: () => policies.roundRobin(),
  staticStride: () => policies.staticStride(),
  orcaWeightedRoundRobin: () => policies.orcaWeightedRoundRobin({ blackoutMs: 0 }),
  p2c: () => policies.p2c(),
  finaglePeakEwma: () => policies.finaglePeakEwma(),
  p2cLatency: () => policies.p2cLatency(),
  p2cPeakEwma: () => policies.p2cPeakEwma(),
  prequal: () => policies.prequal({ source: silentProbes }),
  smoothWeightedRoundRobin: () => policies.smoothWeightedRoundRobin(),
  leastLoaded: () => policies.leastLoaded(),
  rendezvous: () => policies.rendezvous(),
  maglev: () => policies.maglev(),
  ketama: () => policies.ketama(),
  'ketama as libketama': () => policies.ketama({ as: 'libketama' }),
  jump: () => policies.jump(),
  'boundedLoad(rendezvous)': () => policies.boundedLoad(policies.rendezvous()),
  'boundedLoad(maglev)': () => policies.boundedLoad(policies.maglev()),
};

/** Policies that cost the same whatever the number of peers. */
export const constantTime = [
  'random',
  'weightedRandom',
  'roundRobin',
  'staticStride',
  'orcaWeightedRoundRobin',
  'p2c',
  'finaglePeakEwma',
  'p2cLatency',
  'p2cPeakEwma',
  'prequal',
] as const;

/** Policies that send the same key to the same peer. */
export const hashes = [
  'rendezvous',
  'maglev',
  'boundedLoad(rendezvous)',
  'boundedLoad(maglev)',
  'jump',
  'ketama',
  'ketama as libketama',
] as const;

/** Policies that look at every peer. */
export const linearTime = ['smoothWeightedRoundRobin', 'leastLoaded'] as const;

export function createSubject(name: string, size: number): Subject {
  const create = creators[name];
  if (create !== undefined) return ours(create(), size, isHash(name));
  const other = others[name];
  if (other !== undefined) return other(size);
  throw new Error(`No subject is called "${name}"`);
}

function isHash(name: string): boolean {
  return hashes.some((hash) => hash === name);
}

function ours(policy: Policy, size: number, usesKeys: boolean): Subject {
  const peers = Array.from({ length: size }, (_, index) => peerOf(policy, index));
  const random = process.argv.includes('growth') ? plainRandom() : Math.random;
  let picker = policy.createPicker(peers, random);

  // The context is one object that is used again, as a caller that counts allocations would; a new one costs nothing to speak of.
  const context: { -readonly [K in keyof PickContext]: PickContext[K] } = { now: 1000.5 };
  let turn = 0;
  const pickNext = (): Peer => {
    if (usesKeys) context.key = keys[(turn += 1) % keys.length];
    const peer = picker.pick(context);
    if (peer === undefined) throw new Error('Everything is open, so a peer must be picked');
    return peer;
  };
  const cycle = (): void => {
    context.now += 0.01;
    const peer = pickNext();
    peer.load.begin(context.now);
    peer.load.end(1.5, success, context.now + 1.5);
  };
  // Peers have a history, tables are filled and code is compiled before anything is measured.
  for (let warm = 0; warm < Math.max(200_000, usesKeys ? 2 * keys.length : 0); warm += 1) cycle();

  const joined = [...peers, peerOf(policy, size)];
  let isJoined = false;
  const rebuild = (): void => {
    isJoined = !isJoined;
    picker = policy.createPicker(isJoined ? joined : peers, random, picker);
  };
  return {
    pick: pickNext,
    cycle,
    rebuild,
    update: () => {
      rebuild();
      pickNext();
    },
  };
}

function peerOf(policy: Policy, index: number): Peer {
  const endpoint: Endpoint = {
    id: `run-${index}`,
    origin: `http://10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:8080`,
    weight: weightOf(index),
    startedAt: 1_700_000_000_000 + index,
    state: 'serving',
    metadata: {},
  };
  return new Peer(endpoint, policy.createLoad(0));
}

/** A poor but sufficient generator, for counting allocations: each call of `Math.random` itself allocates the number it returns. */
function plainRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}
