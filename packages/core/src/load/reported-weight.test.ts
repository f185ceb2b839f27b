import { expect, it } from 'vitest';

import { ReportedWeight, ReportedWeightSettings } from './reported-weight.ts';

const settings = new ReportedWeightSettings({ blackoutMs: 10_000, expiryMs: 180_000 });

/** What the load says of `report` when it has come for longer than the blackout. */
function weightOf(report: Parameters<ReportedWeight['report']>[0]): number | undefined {
  const load = new ReportedWeight(settings);
  load.report(report, 0);
  load.report(report, 10_000);
  return load.weightAt(10_000);
}

it.each([
  { report: { requestsPerSecond: 100, utilization: 0.5 }, weight: 200 },
  { report: { requestsPerSecond: 100, errorsPerSecond: 0, utilization: 1.25 }, weight: 80 },
  // A fifth of the requests fail, so a fifth of use is added.
  { report: { requestsPerSecond: 100, errorsPerSecond: 20, utilization: 0.3 }, weight: 200 },
])('weighs $report at $weight', ({ report, weight }) => {
  expect(weightOf(report)).toBeCloseTo(weight, 9);
});

it.each([
  { requestsPerSecond: 0, utilization: 0.5 },
  { requestsPerSecond: 100, utilization: 0 },
  { requestsPerSecond: NaN, utilization: 0.5 },
  { requestsPerSecond: 100, utilization: NaN },
  { requestsPerSecond: -1, utilization: 0.5 },
  { requestsPerSecond: Infinity, utilization: 0.5 },
])('takes nothing from %j', (report) => {
  expect(weightOf(report)).toBeUndefined();
});

it('does not count before the blackout is over, nor after the last report has expired', () => {
  const load = new ReportedWeight(settings);
  const report = { requestsPerSecond: 100, utilization: 1 };
  expect(load.weightAt(0)).toBeUndefined();
  load.report(report, 1000);
  expect([load.weightAt(1000), load.weightAt(10_999)]).toEqual([undefined, undefined]);
  expect([load.weightAt(11_000), load.weightAt(180_999)]).toEqual([100, 100]);
  expect(load.weightAt(181_000)).toBeUndefined();
});

it('begins the blackout anew when reports come again after a gap', () => {
  const load = new ReportedWeight(settings);
  const report = { requestsPerSecond: 100, utilization: 1 };
  load.report(report, 0);
  load.report(report, 200_000);
  expect([load.weightAt(200_000), load.weightAt(209_999), load.weightAt(210_000)]).toEqual([undefined, undefined, 100]);
});
