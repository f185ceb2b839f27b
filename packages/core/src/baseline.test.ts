import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Baseline } from './baseline.ts';

it('is the largest size of the last minute, less what has left since for a known reason', () => {
  const step = fc.record({
    size: fc.integer({ min: 0, max: 20 }),
    explained: fc.integer({ min: 0, max: 6 }),
    afterMs: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom(0, 60_000)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const baseline = new Baseline(60_000);
      // Each size that was, when it ended, and what has been explained since.
      const past: { size: number; ended: number }[] = [];
      let current = 0;
      let now = 0;
      for (const { size, explained, afterMs } of steps) {
        now += afterMs;
        const known = Math.min(explained, current);
        past.push({ size: current, ended: now });
        for (const entry of past) entry.size -= known;
        current = size;
        baseline.observe(size, known, now);
        const recent = past.filter(({ ended }) => now - ended < 60_000).map((entry) => entry.size);
        expect(baseline.value(now)).toBe(Math.max(current, ...recent));
        // It falls when it says so, and not before.
        const falls = baseline.fallsAt(now);
        if (falls < Infinity) {
          expect(baseline.value(falls - 1e-6)).toBe(baseline.value(now));
          expect(baseline.value(falls)).toBeLessThan(baseline.value(now));
        }
      }
    }),
  );
});

it('is the size itself without a window', () => {
  const baseline = new Baseline(0);
  baseline.observe(8, 0, 0);
  baseline.observe(2, 0, 0);
  expect([baseline.value(0), baseline.fallsAt(0)]).toEqual([2, Infinity]);
});
