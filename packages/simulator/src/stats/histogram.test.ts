import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Histogram } from './histogram.ts';

const times = fc.array(fc.double({ min: 0.0001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });

it('finds any quantile to a fifth of a percent', () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0.001, max: 1, noNaN: true }), (samples, q) => {
      const histogram = new Histogram();
      for (const sample of samples) histogram.record(sample);
      const sorted = samples.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(q * sorted.length) - 1]!;
      expect(Math.abs(histogram.quantile(q) / exact - 1)).toBeLessThan(0.00196);
    }),
  );
});

it('keeps mean and maximum exactly, and forgets all on a reset', () => {
  const histogram = new Histogram();
  for (const sample of [1, 2, 6]) histogram.record(sample);
  expect([histogram.count, histogram.mean, histogram.max]).toEqual([3, 3, 6]);
  histogram.reset();
  expect([histogram.count, histogram.mean, histogram.max, histogram.quantile(0.5)]).toEqual([0, 0, 0, 0]);
});

it('takes in what lies outside its range', () => {
  const histogram = new Histogram();
  histogram.record(0);
  histogram.record(1e12);
  expect(histogram.quantile(0.5)).toBeLessThan(0.0001);
  expect(histogram.quantile(1)).toBeGreaterThan(1e7);
});
