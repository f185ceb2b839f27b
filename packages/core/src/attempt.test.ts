import { describe, expect, it } from 'vitest';

import { failure, type Outcome, success } from './outcome.ts';
import { PeerPool } from './peer-pool.ts';
import { policies } from './policies.ts';
import type { Load, Policy } from './policy.ts';
import { seededRandom } from './random.ts';
import { endpoint } from './testing.ts';

/** A pool of one endpoint whose load writes down what it is told. */
function watchedPool() {
  const told: unknown[] = [];
  const load: Load = {
    inFlight: 0,
    begin: (now) => told.push(['begin', now]),
    end: (elapsedMs, outcome: Outcome, now) => told.push(['end', elapsedMs, outcome.kind, now]),
    cost: () => 0,
  };
  const policy: Policy = { ...policies.random(), createLoad: () => load };
  const pool = new PeerPool({ policy, random: seededRandom(1) });
  pool.update({ revision: 1, endpoints: [endpoint('a')] }, 0);
  return { pool, told, peer: pool.pickOrThrow({ now: 0 }) };
}

describe('an attempt', () => {
  it('tells the load when it begins, and once when it ends', () => {
    const { pool, told, peer } = watchedPool();
    const attempt = pool.begin(peer, 10);
    expect([attempt.peer, attempt.startedAt]).toEqual([peer, 10]);
    expect(attempt.end(success, 35)).toBe(true);
    expect(attempt.end(failure('timeout'), 40)).toBe(false);
    expect(told).toEqual([
      ['begin', 10],
      ['end', 25, 'success', 35],
    ]);
  });

  it('took until its answer began, and is in flight until that has ended', () => {
    const { pool, told, peer } = watchedPool();
    pool.begin(peer, 10).end(success, 3_600_000, 35);
    expect(told.at(-1)).toEqual(['end', 25, 'success', 3_600_000]);
  });

  it.each([5, NaN])('has taken no time when it began at 10 and ends at %d', (now) => {
    const { pool, told, peer } = watchedPool();
    pool.begin(peer, 10).end(success, now);
    expect(told.at(-1)).toEqual(['end', 0, 'success', now]);
  });

  it('ends quietly when its peer has left meanwhile, and is nothing to the one that comes after', () => {
    const { pool, told, peer } = watchedPool();
    const attempts = [0, 1, 2].map((now) => pool.begin(peer, now));
    pool.update({ revision: 2, endpoints: [] }, 5);
    pool.update({ revision: 3, endpoints: [endpoint('a'), endpoint('b')] }, 5);
    for (const attempt of attempts) expect(attempt.end(failure('reset'), 10)).toBe(false);
    expect(told).toHaveLength(6);
    for (let late = 0; late < 3; late += 1) expect(pool.begin(peer, 11).end(failure('reset'), 12)).toBe(false);
    expect(pool.status(12).ejected).toBe(0);
  });

  it('may even begin on a peer that has left, or that never was in the pool', () => {
    const { pool, peer } = watchedPool();
    pool.update({ revision: 2, endpoints: [] }, 5);
    expect(pool.begin(peer, 6).end(success, 7)).toBe(false);
    expect([pool.eject(peer, 'x', 8), pool.restore(peer, 8), pool.purge(peer, 8)]).toEqual([false, false, false]);
  });
});
