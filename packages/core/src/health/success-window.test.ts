import fc from 'fast-check';
import { expect, it } from 'vitest';

import { SuccessWindow } from './success-window.ts';

it('counts what a list of all samples would, at any rate, over gaps of any length, under clocks that stand or go back', () => {
  const step = fc.record({
    succeeded: fc.boolean(),
    afterMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(0, 99, 100, 999, 1000, 5000, -50, -5000)),
  });
  const start = fc.constantFrom(0, 12_345, -7_000);
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 200 }), (from, steps) => {
      const window = new SuccessWindow(1000);
      const samples: { bucket: number; succeeded: boolean }[] = [];
      let now = from;
      let latest = -Infinity;
      for (const { succeeded, afterMs } of steps) {
        now += afterMs;
        latest = Math.max(latest, now);
        const bucket = Math.floor(latest / 100);
        window.add(succeeded, now);
        samples.push({ bucket, succeeded });
        const recent = samples.filter((sample) => sample.bucket > bucket - 10);
        const failed = recent.filter((sample) => !sample.succeeded).length;
        expect([window.total(now), window.failed(now)]).toEqual([recent.length, failed]);
      }
    }),
  );
});

it('is empty again a window later, though nothing was added', () => {
  const window = new SuccessWindow(1000);
  window.add(false, 0);
  expect([window.total(999), window.failed(999)]).toEqual([1, 1]);
  expect([window.total(1000), window.failed(1000)]).toEqual([0, 0]);
});

it('weighs a hundred failures in one millisecond as a hundred', () => {
  const window = new SuccessWindow(1000);
  for (let now = 0; now < 900; now += 9) window.add(true, now);
  for (let failure = 0; failure < 100; failure += 1) window.add(false, 900);
  expect([window.total(900), window.failed(900)]).toEqual([200, 100]);
});

it('survives times that are none', () => {
  const window = new SuccessWindow(1000);
  for (const now of [NaN, 5, Infinity, -Infinity, 1e300, NaN]) window.add(false, now);
  expect(window.total(NaN)).toBeGreaterThanOrEqual(window.failed(NaN));
  window.clear();
  expect(window.total(Infinity)).toBe(0);
});
