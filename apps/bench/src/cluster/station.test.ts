import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Station } from './station.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('serves as many at once as it has slots, and the rest in their turn', () => {
  const ended: string[] = [];
  const station = new Station([{ slots: 2 }], 10, () => {});
  for (const name of ['a', 'b', 'c', 'd']) station.enter(10, () => ended.push(name));
  vi.advanceTimersByTime(10);
  expect(ended).toEqual(['a', 'b']);
  vi.advanceTimersByTime(10);
  expect(ended).toEqual(['a', 'b', 'c', 'd']);
});

it('refuses whoever finds the queue full, and forgets whoever leaves it', () => {
  const ended: string[] = [];
  const station = new Station([{ slots: 1 }], 1, () => {});
  station.enter(10, (how) => ended.push(`first ${how}`));
  const leave = station.enter(10, (how) => ended.push(`second ${how}`));
  station.enter(10, (how) => ended.push(`third ${how}`));
  leave();
  station.enter(10, (how) => ended.push(`fourth ${how}`));
  vi.advanceTimersByTime(100);
  expect(ended).toEqual(['third refused', 'first served', 'fourth served']);
});

it('slows what begins after it was told to, in the group that is slow', () => {
  const ended: string[] = [];
  const station = new Station([{ slots: 1 }, { slots: 1 }], 10, () => {});
  station.slow(0, 3);
  station.enter(10, () => ended.push('quick'));
  station.enter(10, () => ended.push('slow'));
  vi.advanceTimersByTime(10);
  expect(ended).toEqual(['quick']);
  vi.advanceTimersByTime(19);
  expect(ended).toEqual(['quick']);
  vi.advanceTimersByTime(1);
  expect(ended).toEqual(['quick', 'slow']);
});

it('ends all work of one slot in the order and at the times of a queue computed by hand', () => {
  const jobs = fc.array(fc.record({ gapMs: fc.nat(20), workMs: fc.integer({ min: 1, max: 50 }) }), { maxLength: 40 });
  fc.assert(
    fc.property(jobs, (all) => {
      vi.useFakeTimers({ now: 0 });
      const station = new Station([{ slots: 1 }], Infinity, () => {});
      const start = performance.now();
      const ended: number[] = [];
      const expected: number[] = [];
      let arrival = 0;
      let free = 0;
      for (const { gapMs, workMs } of all) {
        vi.advanceTimersByTime(gapMs);
        arrival += gapMs;
        free = Math.max(free, arrival) + workMs;
        expected.push(free);
        station.enter(workMs, () => ended.push(performance.now() - start));
      }
      vi.runAllTimers();
      expect(ended).toEqual(expected);
    }),
  );
});
