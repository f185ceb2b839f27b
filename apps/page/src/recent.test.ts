import { seededRandom } from '@lb/core';
import { expect, it } from 'vitest';

import { historySeconds, type PeerCount, Recent } from './recent.ts';
import type { SecondSummary } from './wire.ts';

const summary = (second: number, requests = second): SecondSummary => ({
  second,
  requests,
  failed: 0,
  inFlight: 0,
  p50Ms: null,
  p99Ms: null,
});

it('holds the last five minutes, oldest first, and nothing for seconds that nobody counted', () => {
  const recent = new Recent();
  for (const second of [1000, 1001, 1003]) recent.add(summary(second), []);
  const { second, requests } = recent.read();
  expect(second).toBe(1003);
  expect(requests).toHaveLength(historySeconds);
  expect(requests.slice(-5)).toEqual([null, 1000, 1001, null, 1003]);
  recent.add(summary(1400), []);
  expect(recent.read().requests.filter((count) => count !== null)).toEqual([1400]);
});

it('agrees with a plain list of all that was added, whatever the gaps', () => {
  const random = seededRandom(7);
  const recent = new Recent();
  const model = new Map<number, readonly PeerCount[]>();
  let second = 5;
  for (let step = 0; step < 2000; step += 1) {
    second += random() < 0.01 ? Math.floor(random() * 700) : 1;
    const counts = ['a', 'b', 'c']
      .filter(() => random() < 0.5)
      .map((id) => ({ id, name: id.toUpperCase(), zone: undefined, count: Math.floor(random() * 5) }));
    recent.add(summary(second), counts);
    model.set(second, counts);
    if (step % 97 !== 0) continue;
    const { peers } = recent.read();
    for (const id of ['a', 'b', 'c']) {
      const expected = Array.from(
        { length: historySeconds },
        (_, index) => model.get(second - historySeconds + 1 + index)?.find((peer) => peer.id === id)?.count ?? 0,
      );
      const found = peers.find((peer) => peer.id === id)?.counts;
      expect(found ?? expected.map(() => 0)).toEqual(expected);
    }
  }
});

it('counts providers together beyond those it has room for, and makes room once one has been silent for five minutes', () => {
  const recent = new Recent();
  const counts = Array.from({ length: 200 }, (_, index) => ({
    id: `p${index}`,
    name: `p${index}`,
    zone: `z${index % 2}`,
    count: 1,
  }));
  recent.add(summary(1), counts);
  expect(recent.read().peers).toHaveLength(128);
  expect(recent.read().others.at(-1)).toBe(72);
  expect(recent.read().zones.map(({ name, counts: list }) => [name, list.at(-1)])).toEqual([
    ['z0', 100],
    ['z1', 100],
  ]);
  recent.add(summary(1 + historySeconds), [{ id: 'late', name: 'late', zone: 'z1', count: 3 }]);
  expect(recent.read().peers.map(({ id }) => id)).toEqual(['late']);
});
