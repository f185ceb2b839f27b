import { expect, it } from 'vitest';

import { Requests } from './requests.ts';

it('counts requests over the last ten seconds, and in all', () => {
  const requests = new Requests();
  expect(requests.summary(0)).toMatchObject({ total: 0, successShare: null, p50Ms: null });
  for (let second = 0; second < 30; second += 1) requests.record(50, second % 10 === 0, false, second * 1000);
  expect(requests.summary(29_999)).toMatchObject({
    total: 30,
    failedTotal: 3,
    perSecond: 1,
    failed: 1,
    successShare: 0.9,
  });
  expect(requests.summary(60_000)).toMatchObject({ total: 30, perSecond: 0, failed: 0, successShare: null });
});

it('counts retries and hedges when they happen', () => {
  const requests = new Requests();
  requests.retried(1000);
  requests.hedged(1500);
  expect(requests.summary(5000)).toMatchObject({ retries: 1, hedges: 1 });
  requests.record(80, false, true, 12_000);
  expect(requests.summary(12_000)).toMatchObject({ retries: 0, hedges: 0, hedgesWon: 1, perSecond: 0.1 });
});

it('knows each of the last seconds', () => {
  const requests = new Requests();
  for (let second = 0; second < 20; second += 1) {
    for (let count = 0; count < second; count += 1) requests.record(second, count === 0, false, second * 1000 + 10);
  }
  expect(requests.inSecond(18)).toMatchObject({ second: 18, requests: 18, failed: 1 });
  expect(requests.inSecond(18).p99Ms).toBeCloseTo(18, 0);
  expect(requests.inSecond(3)).toEqual({ second: 3, requests: 0, failed: 0, p50Ms: null, p99Ms: null });
});
