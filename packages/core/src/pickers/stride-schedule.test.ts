import fc from 'fast-check';
import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { StrideSchedule } from './stride-schedule.ts';

const fromStart = () => 0;

function run(schedule: StrideSchedule, picks: number): number[] {
  return Array.from({ length: picks }, () => schedule.next());
}

const letters = (picks: readonly number[]) => picks.map((index) => 'abc'[index]).join(' ');

function counts(size: number, picks: readonly number[]): number[] {
  const each = Array.from({ length: size }, () => 0);
  for (const index of picks) each[index]! += 1;
  return each;
}

// gRPC core, static_stride_scheduler_test.cc. What it writes as weight 0, not known, is the mean of the others here.
it.each([
  { weights: [1, 2, 3], picks: 6, expected: [1, 2, 3] },
  { weights: [3, 2, 1], picks: 6, expected: [3, 2, 1] },
  { weights: [300, 300, 300], picks: 6, expected: [2, 2, 2] },
  {
    weights: [81, ...Array.from({ length: 19 }, () => 1)],
    picks: 69,
    expected: [50, ...Array.from({ length: 19 }, () => 1)],
  },
  { weights: [100, 1e-10], picks: 201, expected: [200, 1] },
])('gives the published counts for $weights', ({ weights, picks, expected }) => {
  expect(counts(weights.length, run(new StrideSchedule(weights, fromStart), picks))).toEqual(expected);
});

it('counts a weight of more than ten times the mean as that', () => {
  // 81 beside nineteen of 1 counts as 50, over any number of rounds.
  const weights = [81, ...Array.from({ length: 19 }, () => 1)];
  const each = counts(20, run(new StrideSchedule(weights, fromStart), 69_000));
  expect(Math.abs(each[0]! - 50_000)).toBeLessThan(100);
});

it('picks the heaviest in every single round of 1:2:3', () => {
  const picks = run(new StrideSchedule([1, 2, 3], fromStart), 2 * 65_535);
  expect(counts(3, picks)[2]).toBe(65_535);
});

it.each([
  { weights: [1, 2, 3], expected: 'b c c a b c' },
  { weights: [3, 2, 1], expected: 'a b c a a b' },
  { weights: [7, 7, 7], expected: 'a b c a b c' },
])('gives the known order for $weights', ({ weights, expected }) => {
  expect(letters(run(new StrideSchedule(weights, fromStart), 6))).toBe(expected);
});

it('gives each its share over all rounds, within the grain of 16 bits, for any weights near each other', () => {
  const weights = fc.array(fc.double({ min: 1, max: 9, noNaN: true }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(weights, fc.integer(), (list, seed) => {
      const schedule = new StrideSchedule(list, seededRandom(seed));
      const picks = 3000;
      const each = counts(list.length, run(schedule, picks));
      const sum = list.reduce((total, weight) => total + weight);
      // A turn may be one early or late for each peer, and a start in the middle of a round adds another.
      for (const [index, weight] of list.entries()) {
        expect(Math.abs(each[index]! - (picks * weight) / sum)).toBeLessThanOrEqual(list.length + 1);
      }
    }),
  );
});

it('goes on where it was when the weights are given anew', () => {
  const whole = run(new StrideSchedule([1, 2, 3], seededRandom(3)), 40);
  const first = new StrideSchedule([1, 2, 3], seededRandom(3));
  const start = run(first, 13);
  expect([...start, ...run(new StrideSchedule([1, 2, 3], seededRandom(99), first), 27)]).toEqual(whole);
});

it('takes weights whose sum is past the largest number', () => {
  const schedule = new StrideSchedule([Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE], fromStart);
  expect(counts(3, run(schedule, 6))).toEqual([2, 2, 2]);
});
