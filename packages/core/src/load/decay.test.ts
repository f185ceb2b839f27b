import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Decay } from './decay.ts';

it('is at most 0.018 below e^-x, never above it, and never rises', () => {
  const times = fc.double({ min: 0, max: 20, noNaN: true });
  fc.assert(
    fc.property(times, times, fc.double({ min: 1, max: 1e5, noNaN: true }), (one, other, decayMs) => {
      const decay = new Decay(decayMs);
      const left = (constants: number) => decay.left(constants * decayMs);
      expect(left(one)).toBeLessThanOrEqual(Math.exp(-one) + 1e-12);
      expect(left(one)).toBeGreaterThan(Math.exp(-one) - 0.018);
      expect(left(Math.max(one, other))).toBeLessThanOrEqual(left(Math.min(one, other)));
    }),
  );
});

it('leaves all when the clock stands still or goes back, and nothing after sixteen time constants', () => {
  const decay = new Decay(100);
  expect([0, -50, 1600, Infinity].map((elapsed) => decay.left(elapsed))).toEqual([1, 1, 0, 0]);
});
