import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Backoff } from './backoff.ts';

const longest = () => 1 - Number.EPSILON;

it.each([
  [1, 25],
  [2, 75],
  [3, 175],
  [4, 250],
  [5, 250],
  [2000, 250],
])('draws the wait before retry %i from 0 to %i ms', (retry, spanMs) => {
  const backoff = new Backoff();
  expect(backoff.delayMs(retry, () => 0)).toBe(0);
  expect(backoff.delayMs(retry, () => 0.5)).toBe(spanMs / 2);
  expect(backoff.delayMs(retry, longest)).toBeCloseTo(spanMs, 9);
});

it('stays inside its span and below the cap for any base, cap, retry and chance', () => {
  const millis = fc.double({ min: 0, max: 1e9, noNaN: true });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(millis, millis, fc.integer({ min: 0, max: 5000 }), chance, (baseMs, capMs, retry, random) => {
      const delay = new Backoff({ baseMs, capMs }).delayMs(retry, () => random);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(Math.min(capMs, baseMs === 0 ? 0 : (2 ** retry - 1) * baseMs));
    }),
  );
});

it.each([{ baseMs: -1 }, { baseMs: NaN }, { capMs: -1 }, { capMs: NaN }])('refuses %o', (options) => {
  expect(() => new Backoff(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
