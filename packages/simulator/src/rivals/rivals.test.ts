import { failure, PeerPool, seededRandom, success } from '@lb/core';
import { expect, it } from 'vitest';

import type { Contender, World } from '../contender.ts';
import { contenders } from '../contenders.ts';

const world: World = {
  client: 0,
  probes: { probe: () => {} },
  truth: () => ({ slots: 1, assigned: 0, expectedMs: () => 1 }),
};

function poolOf(contender: Contender, ids: readonly string[], weights: readonly number[] = []): PeerPool {
  const pool = new PeerPool({ ...contender.pool, policy: contender.createPolicy(world), random: seededRandom(1) });
  const endpoints = ids.map((id, index) => ({
    id,
    origin: `http://${id}`,
    weight: weights[index],
    state: 'serving' as const,
    metadata: {},
  }));
  pool.update({ revision: 1, endpoints: endpoints.map(contender.endpoint ?? ((endpoint) => endpoint)) }, 0);
  return pool;
}

const picks = (pool: PeerPool, count: number): string =>
  Array.from({ length: count }, () => pool.pick({ now: 0 })?.id ?? '-').join('');

it('goes round as undici does while all is well, and passes over whoever lost connections', () => {
  const pool = poolOf(contenders.undiciBalancedPool, ['a', 'b', 'c']);
  expect(picks(pool, 7)).toBe('abcabca');
  const failing = [...pool.peers][1]!;
  for (let times = 0; times < 2; times += 1) pool.begin(failing, 0).end(failure('connect'), 1);
  // 100, 70 and 100: in rounds that begin at 100 and fall by 10, b takes part from 70 on.
  const [a = 0, b = 0, c = 0] = ['a', 'b', 'c'].map((id) => picks(pool, 270).split(id).length - 1);
  expect(b / a).toBeCloseTo(0.7, 1);
  expect(c).toBeCloseTo(a, -1);
});

it('fills up the least busy of those that the champion of 2018 holds for free, the large one first', () => {
  const pool = poolOf(contenders.champion2018, ['small', 'medium', 'large'], [1, 2, 3]);
  for (const peer of pool.peers) pool.begin(peer, 0).end(success, 50);
  const taken: string[] = [];
  for (let request = 0; request < 17; request += 1) {
    const peer = pool.pickOrThrow({ now: 0 });
    pool.begin(peer, 0);
    taken.push(peer.id);
  }
  expect(taken.filter((id) => id === 'large')).toHaveLength(8);
  expect(taken.filter((id) => id === 'medium')).toHaveLength(8);
  expect(taken.at(-1)).toBe('small');
});

it('caps in flight as the champion of 2018 did', () => {
  const pool = poolOf(contenders.champion2018, ['small', 'medium', 'large'], [1, 2, 3]);
  for (const peer of pool.peers) for (let times = 0; times < 64; times += 1) pool.begin(peer, 0).end(success, 50);
  const held = new Map<string, number>();
  for (let peer = pool.pick({ now: 0 }); peer !== undefined; peer = pool.pick({ now: 0 })) {
    pool.begin(peer, 0);
    held.set(peer.id, (held.get(peer.id) ?? 0) + 1);
  }
  expect(Object.fromEntries(held)).toEqual({ large: 200, medium: 200, small: 140 });
});
