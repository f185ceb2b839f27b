import fc from 'fast-check';
import { expect, it } from 'vitest';

import { failure, success } from '../outcome.ts';
import { LatencyOutlier } from './latency-outlier.ts';

function found(latencies: readonly number[], detector = new LatencyOutlier(), answers = 20): number[] {
  const sensors = latencies.map((latency) => {
    const sensor = detector.watch();
    for (let answer = 0; answer < answers; answer += 1) sensor.record(success, latency, 0);
    return sensor;
  });
  return detector.sweep(sensors, 0).map((sensor) => sensors.indexOf(sensor));
}

it.each([
  { name: 'one ten times as slow of three', latencies: [200, 20, 20], expected: [0] },
  { name: 'two slow of eight, the slowest first', latencies: [300, 900, 20, 20, 20, 20, 20, 20], expected: [1, 0] },
  { name: 'nobody in a pool of speeds 1:2:3', latencies: [300, 150, 100], expected: [] },
  { name: 'nobody three times as slow by two milliseconds', latencies: [3, 1, 1], expected: [] },
  { name: 'nobody of two', latencies: [900, 20], expected: [] },
  { name: 'nobody when all are slow', latencies: [900, 900, 900], expected: [] },
  { name: 'nobody when answers take no time at all', latencies: [0, 0, 0], expected: [] },
])('finds $name', ({ latencies, expected }) => {
  expect(found(latencies)).toEqual(expected);
});

it('is not led by one request of a minute', () => {
  const detector = new LatencyOutlier();
  const sensors = [0, 1, 2].map(() => detector.watch());
  for (const sensor of sensors) for (let answer = 0; answer < 100; answer += 1) sensor.record(success, 10, 0);
  sensors[0]!.record(success, 60_000, 0);
  expect(detector.sweep(sensors, 0)).toEqual([]);
});

it('needs twenty answers, and does not count failures, which are fast or as slow as a time limit', () => {
  expect(found([200, 20, 20], new LatencyOutlier(), 19)).toEqual([]);
  const detector = new LatencyOutlier();
  const sensors = [0, 1, 2].map(() => detector.watch());
  for (const sensor of sensors) for (let answer = 0; answer < 20; answer += 1) sensor.record(success, 20, 0);
  for (let failed = 0; failed < 200; failed += 1) sensors[0]!.record(failure('timeout'), 5000, 0);
  expect(detector.sweep(sensors, 0)).toEqual([]);
});

it('forgets after two windows at most, and never before one', () => {
  const detector = new LatencyOutlier({ windowMs: 1000 });
  const sensors = [200, 20, 20].map((latency) => {
    const sensor = detector.watch();
    for (let answer = 0; answer < 20; answer += 1) sensor.record(success, latency, 999);
    return sensor;
  });
  expect(detector.sweep(sensors, 1999)).toEqual([sensors[0]]);
  expect(detector.sweep(sensors, 2000)).toEqual([]);
});

it('finds only peers that are slower than the middle by the ratio and the gap', () => {
  const millis = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 3, maxLength: 20 });
  fc.assert(
    fc.property(millis, (latencies) => {
      const sorted = latencies.toSorted((a, b) => a - b);
      const outliers = found(latencies);
      const middle = sorted.length >> 1;
      const lower = sorted[sorted.length % 2 === 1 ? middle : middle - 1]!;
      const upper = sorted[middle]!;
      for (const [index, latency] of latencies.entries()) {
        if (outliers.includes(index)) expect(latency).toBeGreaterThan(Math.max(3 * lower, lower + 50) * (1 - 1e-9));
        else expect(latency).toBeLessThan(Math.max(3 * upper, upper + 50) * (1 + 1e-9));
      }
    }),
  );
});

it.each([{ ratio: 1 }, { minGapMs: -1 }, { minRequests: 0 }, { minPeers: 1 }, { windowMs: NaN }])(
  'refuses %o',
  (options) => {
    expect(() => new LatencyOutlier(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
