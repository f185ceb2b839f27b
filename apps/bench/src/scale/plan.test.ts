import { expect, it } from 'vitest';

import { loadOf } from './plan.ts';

const costs = { renewalUs: 10, changeUs: 100, deliveryUs: 20, listedUs: 5, comparedUs: 1, deliveryBytes: 500 };
const fleet = { providers: 3000, consumers: 600, services: 1, followed: 1, ttlSeconds: 15, deploySeconds: 300 };

it('adds up what a fleet asks of etcd', () => {
  const load = loadOf(fleet, costs);
  expect(load.renewalsPerSecond).toBe(600);
  expect(load.comparisonsPerSecond).toBe(20);
  expect(load.changesPerSecond).toBe(30);
  expect(load.deliveriesPerSecond).toBe(18_000);
  // 600 renewals × 10 µs, 20 comparisons × 3000 × 1 µs, one list a second × 3000 × 5 µs.
  expect(load.coresAtRest).toBeCloseTo(0.006 + 0.06 + 0.015, 9);
  expect(load.coresInDeploy).toBeCloseTo(load.coresAtRest + 0.003 + 0.36, 9);
  expect(load.deployMegabytesPerSecond).toBe(9);
  expect(load.listAllCoreSeconds).toBe(9);
});

it('finds that who follows a tenth of the services is told a tenth of the changes', () => {
  const split = loadOf({ ...fleet, services: 10 }, costs);
  expect(split.deliveriesPerSecond).toBe(1800);
  expect(split.listAllCoreSeconds).toBeCloseTo(0.9, 9);
});
