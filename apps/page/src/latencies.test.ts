import { seededRandom } from '@lb/core';
import { expect, it } from 'vitest';

import { Latencies } from './latencies.ts';

const record = (...latencies: number[]): Latencies => {
  const recorded = new Latencies();
  for (const latency of latencies) recorded.record(latency);
  return recorded;
};

it('has quantiles within 3 % of those of a sorted list, from microseconds to hours', () => {
  const random = seededRandom(1);
  const latencies = Array.from({ length: 5000 }, () => 0.05 * 10 ** (random() * 8));
  const sorted = latencies.toSorted((one, other) => one - other);
  const shares = [0.01, 0.5, 0.9, 0.99, 1];
  for (const [index, found] of Latencies.quantiles([record(...latencies)], shares).entries()) {
    const exact = sorted[Math.ceil(shares[index]! * sorted.length) - 1]!;
    expect(Math.abs(found! - exact)).toBeLessThan(exact * 0.032 + 0.01);
  }
});

it('adds up what several of them have recorded', () => {
  // The middles of the buckets of 1 and 3 ms.
  expect(Latencies.quantiles([record(1, 1), record(3), new Latencies()], [0.5, 1])).toEqual([1.015, 2.955]);
});

it('has no quantiles of nothing, also after a reset', () => {
  const latencies = record(1, 2);
  latencies.reset();
  expect(Latencies.quantiles([latencies], [0.5, 0.99])).toEqual([null, null]);
});

it.each([-1, 0, Number.MAX_VALUE, Infinity])('takes %d for the nearest it can hold', (latency) => {
  expect(Latencies.quantiles([record(latency)], [1])[0]).toBeGreaterThanOrEqual(0);
});
