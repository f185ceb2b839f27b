import { expect, it } from 'vitest';

import { type Distribution, meanMs, quantileFunction } from './distribution.ts';
import { normalQuantile } from './normal.ts';
import { stream } from './stream.ts';

const kinds: readonly Distribution[] = [
  { kind: 'fixed', ms: 50 },
  { kind: 'exponential', meanMs: 10 },
  { kind: 'lognormal', medianMs: 8, sigma: 0.7 },
  { kind: 'normal', meanMs: 75, deviationMs: 75 },
  { kind: 'trace', samplesMs: [3, 1, 2, 10] },
];

it.each(kinds)('draws $kind with the mean that it says', (distribution) => {
  const quantile = quantileFunction(distribution);
  const random = stream(1, 'service');
  let sum = 0;
  for (let draw = 0; draw < 400_000; draw += 1) sum += quantile(random());
  // 400 000 draws of a deviation of 1.1 means: 0.2 %, and three times that.
  expect(Math.abs(sum / 400_000 / meanMs(distribution) - 1)).toBeLessThan(0.006);
});

it('knows the normal distribution backwards', () => {
  for (const [u, z] of [
    [0.5, 0],
    [0.84134475, 1],
    [0.99, 2.326348],
    [0.999, 3.090232],
    [0.000001, -4.753424],
    [1e-12, -6.3],
  ] as const) {
    // At 32 bits of chance nothing is further out than 6.2 deviations.
    expect(normalQuantile(u)).toBeCloseTo(u === 1e-12 ? normalQuantile(2 ** -33) : z, 5);
  }
});

it.each([
  { kind: 'fixed', ms: -1 },
  { kind: 'exponential', meanMs: 0 },
  { kind: 'lognormal', medianMs: 1, sigma: Number.NaN },
  { kind: 'trace', samplesMs: [] },
] as const)('refuses %o', (distribution) => {
  expect(() => quantileFunction(distribution)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});

it('has streams that do not look alike, by seed, purpose and index', () => {
  const draws = [stream(1, 'service'), stream(2, 'service'), stream(1, 'network'), stream(1, 'service', 1)].map(
    (random) => Array.from({ length: 1000 }, random),
  );
  for (const [index, one] of draws.entries()) {
    for (const other of draws.slice(index + 1)) {
      // Correlation of independent draws has a deviation of 1 / √1000 = 0.03.
      const covariance = one.reduce((sum, value, at) => sum + (value - 0.5) * (other[at]! - 0.5), 0) / 1000;
      expect(Math.abs(covariance * 12)).toBeLessThan(0.12);
    }
  }
  expect(Array.from({ length: 1000 }, stream(1, 'service'))).toEqual(draws[0]);
});
