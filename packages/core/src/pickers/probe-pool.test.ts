import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Peer } from '../peer.ts';
import { manyPeers, peersOf } from '../testing.ts';
import { ProbePool } from './probe-pool.ts';

const context = { now: 0 };

/** A pool of `peers` that has learned of 0 … 9 in flight before, so that at quantile 0.8 a peer is hot above 7. */
function experienced(peers: readonly Peer[]): ProbePool {
  const others = manyPeers(10);
  const pool = poolOf(others, 0.8);
  for (const [inFlight, peer] of others.entries()) pool.add(peer, { inFlight, latencyMs: 1 }, Infinity, 0);
  pool.follow(new Set(peers));
  return pool;
}

function poolOf(peers: readonly Peer[], hotQuantile: number, capacity = 16): ProbePool {
  const pool = new ProbePool(capacity, hotQuantile);
  pool.follow(new Set(peers));
  return pool;
}

it('takes the fastest of the cold, whatever the hot say', () => {
  const peers = peersOf(1, 1, 1);
  const [a, b, c] = peers;
  const pool = experienced(peers);
  pool.add(a!, { inFlight: 9, latencyMs: 1 }, 9, 0);
  pool.add(b!, { inFlight: 7, latencyMs: 5 }, 9, 0);
  pool.add(c!, { inFlight: 1, latencyMs: 8 }, 9, 0);
  expect(pool.best(context)).toBe(b);
});

it('takes the one with least in flight when all are hot', () => {
  const peers = peersOf(1, 1);
  const [a, b] = peers;
  const pool = experienced(peers);
  pool.add(a!, { inFlight: 20, latencyMs: 1 }, 9, 0);
  pool.add(b!, { inFlight: 15, latencyMs: 90 }, 9, 0);
  expect(pool.best(context)).toBe(b);
});

it('counts what is in flight per unit of weight', () => {
  const peers = peersOf(1, 3);
  const [small, large] = peers;
  const pool = experienced(peers);
  pool.add(small!, { inFlight: 7, latencyMs: 9 }, 9, 0);
  pool.add(large!, { inFlight: 18, latencyMs: 1 }, 9, 0);
  // 18 of 3 is as cold as 7 of 1, and faster.
  expect(pool.best(context)).toBe(large);
  const hot = experienced(peers);
  hot.add(small!, { inFlight: 12, latencyMs: 9 }, 9, 0);
  hot.add(large!, { inFlight: 30, latencyMs: 9 }, 9, 0);
  expect(hot.best(context)).toBe(large);
});

it.each([
  { quantile: 0, winner: 'a', rule: 'what is in flight alone' },
  { quantile: 1, winner: 'b', rule: 'latency alone' },
])('goes by $rule at quantile $quantile', ({ quantile, winner }) => {
  const peers = peersOf(1, 1);
  const [a, b] = peers;
  const pool = poolOf(peers, quantile);
  pool.add(a!, { inFlight: 1, latencyMs: 50 }, 9, 0);
  pool.add(b!, { inFlight: 99, latencyMs: 1 }, 9, 0);
  expect(pool.best(context)?.id).toBe(winner);
});

it('holds, and takes for the best, what a list kept by hand would, after any sequence', () => {
  const ids = fc.nat({ max: 5 });
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        id: ids,
        inFlight: fc.nat({ max: 9 }),
        latencyMs: fc.nat({ max: 9 }),
        uses: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('use' as const), id: ids }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('oldest' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('worst' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), age: fc.nat({ max: 10 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('follow' as const),
        kept: fc.subarray([0, 1, 2, 3, 4, 5]),
        weights: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 }),
      }),
    },
  );
  const closed = fc.subarray([0, 1, 2, 3, 4, 5]);
  const steps = fc.array(fc.tuple(step, closed), { maxLength: 50 });
  fc.assert(
    fc.property(fc.constantFrom(0, 0.5, 0.84, 1), steps, (quantile, list) => {
      const peers = manyPeers(6);
      const pool = poolOf(peers, quantile, 4);
      let present = new Set(peers);
      let model: { peer: Peer; inFlight: number; latencyMs: number; uses: number; at: number }[] = [];
      type Row = (typeof model)[number];
      const late: number[] = [];
      let hotAbove = Infinity;
      const load = ({ peer, inFlight }: Row) => inFlight / peer.weight;
      const isHot = (row: Row) => load(row) > hotAbove;
      const isBetter = (one: Row, other: Row) => {
        if (isHot(one) !== isHot(other)) return isHot(other);
        return isHot(one) ? load(one) < load(other) : one.latencyMs < other.latencyMs;
      };
      for (const [now, [each, shut]] of list.entries()) {
        if (each.kind === 'add') {
          const peer = peers[each.id]!;
          pool.add(peer, each, each.uses, now);
          if (present.has(peer)) {
            late.push(each.inFlight / peer.weight);
            late.sort((one, other) => one - other);
            hotAbove = quantile === 1 ? Infinity : late[Math.max(0, Math.ceil(quantile * late.length) - 1)]!;
            model = model.filter((row) => row.peer !== peer);
            model.push({ peer, inFlight: each.inFlight, latencyMs: each.latencyMs, uses: each.uses, at: now });
            if (model.length > 4) model.shift();
          }
        } else if (each.kind === 'use') {
          pool.use(peers[each.id]!);
          for (const row of model) {
            if (row.peer !== peers[each.id]) continue;
            row.inFlight += 1;
            row.uses -= 1;
          }
          model = model.filter((row) => row.uses > 0);
        } else if (each.kind === 'oldest') {
          pool.removeOldest();
          model.shift();
        } else if (each.kind === 'worst') {
          pool.removeWorst();
          // Of equals the oldest.
          const worst = model.find((row) => !model.some((other) => isBetter(row, other)));
          model = model.filter((row) => row !== worst);
        } else if (each.kind === 'expire') {
          pool.expire(now - each.age);
          model = model.filter((row) => row.at >= now - each.age);
        } else {
          for (const [id, weight] of each.weights.entries()) peers[id]!.weight = weight;
          present = new Set(each.kept.map((id) => peers[id]!));
          pool.follow(present);
          model = model.filter((row) => present.has(row.peer));
        }
        expect(
          pool.probes.map((row) => [row.peer, row.inFlight, row.latencyMs, row.usesLeft, row.load, row.isHot]),
        ).toEqual(model.map((row) => [row.peer, row.inFlight, row.latencyMs, row.uses, load(row), isHot(row)]));
        for (const exclude of [new Set<Peer>(), new Set(shut.map((id) => peers[id]!))]) {
          const open = model.filter((row) => !exclude.has(row.peer));
          const best = open.find((row) => !open.some((other) => isBetter(other, row)));
          expect(pool.best({ now, exclude })).toBe(best?.peer);
        }
      }
    }),
  );
});
