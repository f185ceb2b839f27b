import { expect, it } from 'vitest';

import { HeldMean, LoopUtilization } from './utilization.ts';

it('averages what is held over time', () => {
  const mean = new HeldMean(0);
  mean.set(4, 0);
  mean.set(0, 250);
  expect(mean.read(1000)).toBe(1);
  mean.set(2, 1000);
  expect(mean.read(2000)).toBe(2);
});

it('says the same again until half a second has passed', () => {
  const mean = new HeldMean(0);
  mean.set(6, 0);
  expect(mean.read(499)).toBe(0);
  expect(mean.read(500)).toBe(6);
  mean.set(0, 500);
  expect(mean.read(999)).toBe(6);
});

it('takes the part of the time that the event loop worked, from 0 to 1', () => {
  const now = performance.now();
  const loop = new LoopUtilization(now);
  expect(loop.read(now + 100)).toBe(0);
  const read = loop.read(now + 1000);
  expect(read).toBeGreaterThanOrEqual(0);
  expect(read).toBeLessThanOrEqual(1);
});
