import fc from 'fast-check';
import { expect, it } from 'vitest';

import { HedgeDelay } from './hedge-delay.ts';

const millis = fc.oneof(
  fc.double({ min: 0.1, max: 60_000, noNaN: true }),
  fc.constantFrom(0.1, 1, 10, 10, 10, 500, 60_000),
);

it('is the quantile of the last samples, and at most 5 % above it', () => {
  const options = fc.record({
    quantile: fc.constantFrom(0.01, 0.5, 0.9, 0.95, 0.99, 1),
    window: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(options, fc.array(millis, { minLength: 1, maxLength: 120 }), ({ quantile, window }, samples) => {
      const delay = new HedgeDelay({ quantile, window, minSamples: 1 });
      for (const [index, sample] of samples.entries()) {
        delay.record(sample);
        const recent = samples.slice(Math.max(0, index + 1 - window), index + 1).toSorted((a, b) => a - b);
        const exact = recent[Math.ceil(quantile * recent.length) - 1]!;
        expect(delay.delayMs()).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
        expect(delay.delayMs()).toBeLessThanOrEqual(exact * 1.05 * (1 + 1e-9));
      }
    }),
  );
});

it('has no answer before it has 200 samples', () => {
  const delay = new HedgeDelay();
  for (let sample = 0; sample < 199; sample += 1) delay.record(10);
  expect(delay.delayMs()).toBeUndefined();
  delay.record(10);
  expect(delay.delayMs()).toBeCloseTo(10, -0.5);
});

it('takes samples that no clock should give as the shortest or the longest', () => {
  const delay = new HedgeDelay({ window: 3, minSamples: 1, quantile: 1 });
  for (const odd of [NaN, -5, 0]) delay.record(odd);
  expect(delay.delayMs()).toBeCloseTo(0.1, 9);
  delay.record(Infinity);
  expect(delay.delayMs()).toBeGreaterThanOrEqual(60_000);
});

it.each([{ quantile: 0 }, { quantile: 1.1 }, { window: 0 }, { window: 1.5 }, { minSamples: 0 }, { minSamples: 1001 }])(
  'refuses %o',
  (options) => {
    expect(() => new HedgeDelay(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
