import { failure, ignored, success } from '@lb/core';
import { expect, it } from 'vitest';

import { noTraffic, Traffic } from './traffic.ts';

it('counts over the last ten seconds, and in all', () => {
  const traffic = new Traffic();
  for (let second = 0; second < 20; second += 1)
    traffic.record(10, second === 15 ? failure('reset') : success, second * 1000 + 500);
  expect(traffic.summary(19_900)).toMatchObject({
    total: 20,
    failedTotal: 1,
    failures: { reset: 1 },
    count: 10,
    failed: 1,
    perSecond: 1,
  });
  expect(traffic.summary(40_000)).toMatchObject({ total: 20, failedTotal: 1, count: 0, failed: 0, perSecond: 0 });
});

it('gives latencies of the last one to two windows, and none when nothing came', () => {
  const traffic = new Traffic();
  for (let count = 0; count < 100; count += 1) traffic.record(count < 98 ? 50 : 200, success, 1000);
  const { p50Ms, p99Ms } = traffic.summary(1000);
  expect(p50Ms).toBeCloseTo(50, -1);
  expect(p99Ms).toBeCloseTo(200, -1);
  traffic.record(80, success, 12_000);
  expect(traffic.summary(12_000).p50Ms).toBeCloseTo(50, -1);
  expect(traffic.summary(25_000).p50Ms).toBeCloseTo(80, -1);
  expect(traffic.summary(60_000).p50Ms).toBeNull();
});

it('knows how many have failed since the last good answer', () => {
  const traffic = new Traffic();
  const told = [failure('connect'), failure('connect'), ignored, success, failure('status')].map((outcome) => {
    traffic.record(1, outcome, 1000);
    return traffic.summary(1000).failedInARow;
  });
  expect(told).toEqual([1, 2, 2, 0, 1]);
});

it('takes latencies from good answers alone', () => {
  const traffic = new Traffic();
  for (const outcome of [success, failure('connect'), failure('connect')]) {
    traffic.record(outcome.kind === 'success' ? 50 : 1, outcome, 1000);
  }
  expect(traffic.summary(1000)).toMatchObject({ count: 3, failed: 2, p50Ms: expect.closeTo(50, -1) });
});

it('does not count attempts whose caller went away', () => {
  const traffic = new Traffic();
  traffic.record(10, ignored, 1000);
  expect(traffic.summary(1000)).toEqual(noTraffic);
});

it('knows how many ended in each of the last seconds', () => {
  const traffic = new Traffic();
  for (const now of [900, 1000, 1999, 2000, 11_500]) traffic.record(10, success, now);
  expect([1, 2, 3, 11].map((second) => traffic.countIn(second))).toEqual([0, 1, 0, 1]);
  expect(traffic.countIn(0)).toBe(1);
});
