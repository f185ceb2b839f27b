import { expect, it } from 'vitest';

import { RecentLatencies } from './recent-latencies.ts';

it('answers with the median of the last nine that met about as many', () => {
  const recent = new RecentLatencies();
  expect(recent.at(5)).toBe(0);
  for (let latency = 1; latency <= 100; latency += 1) recent.record(5, latency);
  // 92 to 100
  expect(recent.at(5)).toBe(96);
  recent.record(200, 700);
  expect(recent.at(5)).toBe(96);
  expect(recent.at(190)).toBe(700);
});

it('takes the nearest that there is when nothing met as many', () => {
  const recent = new RecentLatencies();
  recent.record(2, 20);
  recent.record(60, 600);
  expect([recent.at(0), recent.at(4), recent.at(50), recent.at(1e6)]).toEqual([20, 20, 600, 600]);
});
