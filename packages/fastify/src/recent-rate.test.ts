import fc from 'fast-check';
import { expect, it } from 'vitest';

import { RecentRate } from './recent-rate.ts';

it('counts events a second over the last ten seconds', () => {
  const rate = new RecentRate(0);
  for (let now = 0; now < 30_000; now += 10) rate.add(now);
  expect(rate.perSecond(29_999)).toBeCloseTo(100, 0);
  expect(rate.perSecond(34_999)).toBeCloseTo(50, 0);
  expect(rate.perSecond(60_000)).toBe(0);
});

it('divides by the time that there was, in the first seconds', () => {
  const rate = new RecentRate(5000);
  for (let now = 5000; now < 7000; now += 10) rate.add(now);
  expect(rate.perSecond(7000)).toBeCloseTo(100, 0);
});

it('agrees with a list of all events', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 100 });
  fc.assert(
    fc.property(gaps, fc.nat(12_000), (steps, wait) => {
      const rate = new RecentRate(0);
      const events: number[] = [];
      let now = 0;
      for (const step of steps) {
        now += step;
        events.push(now);
        rate.add(now);
      }
      now += wait;
      const since = Math.floor(now / 1000) - 10;
      const counted = events.filter((at) => Math.floor(at / 1000) > since).length;
      const passed = Math.max(1, Math.min(now / 1000, 9 + ((now / 1000) % 1)));
      expect(rate.perSecond(now)).toBeCloseTo(counted / passed, 6);
    }),
  );
});
