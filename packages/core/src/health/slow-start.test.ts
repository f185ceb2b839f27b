import fc from 'fast-check';
import { expect, it } from 'vitest';

import { SlowStart } from './slow-start.ts';

it.each([
  { ageMs: 15_000, aggression: 1, factor: 0.25 },
  { ageMs: 15_000, aggression: 2, factor: 0.5 },
  { ageMs: 3_000, aggression: 1, factor: 0.1 },
  { ageMs: 0, aggression: 2, factor: Math.sqrt(1 / 60) },
  { ageMs: 60_000, aggression: 1, factor: 1 },
])("gives $factor of its weight at $ageMs of 60 000 ms and aggression $aggression, by Envoy's formula", (row) => {
  const slowStart = new SlowStart({ windowMs: 60_000, aggression: row.aggression });
  expect(slowStart.factor(row.ageMs)).toBeCloseTo(row.factor, 12);
});

it('never falls with age, nor leaves its bounds', () => {
  const options = fc.record({
    windowMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    aggression: fc.double({ min: 0.01, max: 10, noNaN: true }),
    minShare: fc.double({ min: 0.001, max: 1, noNaN: true }),
  });
  const age = fc.double({ min: -1e7, max: 1e7, noNaN: true });
  fc.assert(
    fc.property(options, age, age, (given, one, other) => {
      const slowStart = new SlowStart(given);
      const [younger, older] = [slowStart.factor(Math.min(one, other)), slowStart.factor(Math.max(one, other))];
      expect(younger).toBeLessThanOrEqual(older);
      expect(younger).toBeGreaterThanOrEqual(Math.min(1, given.minShare));
      expect(older).toBeLessThanOrEqual(1);
    }),
  );
});

it('does nothing with a window of 0', () => {
  expect(new SlowStart({ windowMs: 0 }).factor(0)).toBe(1);
});

it.each([{ windowMs: -1 }, { windowMs: NaN }, { aggression: 0 }, { minShare: 0 }, { minShare: 1.1 }])(
  'refuses %o',
  (options) => {
    expect(() => new SlowStart(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
