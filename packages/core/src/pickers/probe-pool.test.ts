import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Peer } from '../peer.ts';
import { manyPeers, peersOf } from '../testing.ts';
import { ProbePool } from './probe-pool.ts';

const context = { now: 0 };

/** A pool that has learned of 0 … 9 in flight before, so that at quantile 0.8 a peer is hot above 7. */
function experienced(): ProbePool {
  const pool = new ProbePool(16, 0.8);
  const others = manyPeers(10);
  for (const [inFlight, peer] of others.entries()) pool.add(peer, { inFlight, latencyMs: 1 }, Infinity, 0);
  pool.keepOnly(new Set());
  return pool;
}

it('takes the fastest of the cold, whatever the hot say', () => {
  const [a, b, c] = peersOf(1, 1, 1);
  const pool = experienced();
  pool.add(a!, { inFlight: 9, latencyMs: 1 }, 9, 0);
  pool.add(b!, { inFlight: 7, latencyMs: 5 }, 9, 0);
  pool.add(c!, { inFlight: 1, latencyMs: 8 }, 9, 0);
  expect(pool.best(context)?.peer).toBe(b);
});

it('takes the one with least in flight when all are hot', () => {
  const [a, b] = peersOf(1, 1);
  const pool = experienced();
  pool.add(a!, { inFlight: 20, latencyMs: 1 }, 9, 0);
  pool.add(b!, { inFlight: 15, latencyMs: 90 }, 9, 0);
  expect(pool.best(context)?.peer).toBe(b);
});

it('counts what is in flight per unit of weight', () => {
  const [small, large] = peersOf(1, 3);
  const pool = experienced();
  pool.add(small!, { inFlight: 7, latencyMs: 9 }, 9, 0);
  pool.add(large!, { inFlight: 18, latencyMs: 1 }, 9, 0);
  // 18 of 3 is as cold as 7 of 1, and faster.
  expect(pool.best(context)?.peer).toBe(large);
  const hot = experienced();
  hot.add(small!, { inFlight: 12, latencyMs: 9 }, 9, 0);
  hot.add(large!, { inFlight: 30, latencyMs: 9 }, 9, 0);
  expect(hot.best(context)?.peer).toBe(large);
});

it.each([
  { quantile: 0, winner: 'a', rule: 'what is in flight alone' },
  { quantile: 1, winner: 'b', rule: 'latency alone' },
])('goes by $rule at quantile $quantile', ({ quantile, winner }) => {
  const [a, b] = peersOf(1, 1);
  const pool = new ProbePool(16, quantile);
  pool.add(a!, { inFlight: 1, latencyMs: 50 }, 9, 0);
  pool.add(b!, { inFlight: 99, latencyMs: 1 }, 9, 0);
  expect(pool.best(context)?.peer.id).toBe(winner);
});

it('holds what a list kept by hand would hold, after any sequence', () => {
  const peers = manyPeers(6);
  const peer = fc.constantFrom(...peers);
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        peer,
        inFlight: fc.nat({ max: 9 }),
        latencyMs: fc.nat({ max: 9 }),
        uses: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('use' as const), peer }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('oldest' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('worst' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), age: fc.nat({ max: 10 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('keep' as const), kept: fc.subarray(peers) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const pool = new ProbePool(4, 1);
      let model: { peer: Peer; inFlight: number; latencyMs: number; uses: number; at: number }[] = [];
      for (const [now, each] of steps.entries()) {
        if (each.kind === 'add') {
          pool.add(each.peer, each, each.uses, now);
          model = model.filter((probe) => probe.peer !== each.peer);
          model.push({ peer: each.peer, inFlight: each.inFlight, latencyMs: each.latencyMs, uses: each.uses, at: now });
          if (model.length > 4) model.shift();
        } else if (each.kind === 'use') {
          pool.use(each.peer);
          for (const probe of model) {
            if (probe.peer !== each.peer) continue;
            probe.inFlight += 1;
            probe.uses -= 1;
          }
          model = model.filter((probe) => probe.uses > 0);
        } else if (each.kind === 'oldest') {
          pool.removeOldest();
          model.shift();
        } else if (each.kind === 'worst') {
          pool.removeWorst();
          // At quantile 1 all are cold, so the worst is the slowest; of equals the oldest.
          const slowest = Math.max(...model.map((probe) => probe.latencyMs));
          const worst = model.findIndex((probe) => probe.latencyMs === slowest);
          model = model.filter((_, index) => index !== worst);
        } else if (each.kind === 'expire') {
          pool.expire(now - each.age);
          model = model.filter((probe) => probe.at >= now - each.age);
        } else {
          pool.keepOnly(new Set(each.kept));
          model = model.filter((probe) => each.kept.includes(probe.peer));
        }
        expect(pool.probes.map((probe) => [probe.peer, probe.inFlight, probe.latencyMs, probe.usesLeft])).toEqual(
          model.map((probe) => [probe.peer, probe.inFlight, probe.latencyMs, probe.uses]),
        );
        const fastest = Math.min(...model.map((probe) => probe.latencyMs));
        expect(pool.best({ now })?.latencyMs).toBe(model.length === 0 ? undefined : fastest);
      }
    }),
  );
});
