import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { failure, success } from '../outcome.ts';
import { seededRandom } from '../random.ts';
import { SuccessRateOutlier } from './success-rate-outlier.ts';

/** Which of peers with these success rates, in percent of `requests` each, are found. */
function found(percents: readonly number[], requests = 100, detector = new SuccessRateOutlier()): number[] {
  const sensors = percents.map((percent) => {
    const sensor = detector.watch();
    for (let request = 0; request < requests; request += 1) {
      sensor.record(request < (percent * requests) / 100 ? success : failure('status'), 1, 0);
    }
    return sensor;
  });
  return detector.sweep(sensors, 0).map((sensor) => sensors.indexOf(sensor));
}

describe('a sweep', () => {
  it('finds what Envoy finds: 50 among four of 100', () => {
    expect(found([50, 100, 100, 100, 100])).toEqual([0]);
  });

  it.each([
    { name: 'one bad of three, where 1.9 deviations find nobody', percents: [50, 100, 100], expected: [0] },
    { name: 'two bad of eight, which hide behind their own deviation', percents: [0, 5, 100, 100, 100, 100, 100, 100] },
    {
      name: 'three bad of ten, the worst first',
      percents: [20, 10, 0, 100, 100, 100, 100, 100, 100, 100],
      expected: [2, 1, 0],
    },
    { name: 'one that fails 15 % among many that fail a few', percents: [85, 99, 100, 98, 99, 100, 99], expected: [0] },
    { name: 'nobody when all are equally bad', percents: [50, 50, 50, 50], expected: [] },
    { name: 'nobody for a gap of a tenth or less', percents: [90, 100, 100, 100], expected: [] },
    { name: 'nobody where rates are spread evenly', percents: [60, 70, 80, 90, 100], expected: [] },
    { name: 'nobody when half are bad: there is no middle to compare with', percents: [0, 0, 100, 100], expected: [] },
    { name: 'nobody of two', percents: [0, 100], expected: [] },
  ])('finds $name', ({ percents, expected = [0, 1] }) => {
    expect(found(percents)).toEqual(expected);
  });

  it('does not judge peers with few requests, nor compare with them', () => {
    const detector = new SuccessRateOutlier();
    const sensors = [40, 100, 100].map((percent, index) => {
      const sensor = detector.watch();
      for (let request = 0; request < (index === 2 ? 99 : 100); request += 1) {
        sensor.record(request < percent ? success : failure('status'), 1, 0);
      }
      return sensor;
    });
    expect(detector.sweep(sensors, 0)).toEqual([]);
  });

  it('is not led by chance in a small pool: three that all fail 30 % are left alone but once in a hundred', () => {
    const random = seededRandom(2);
    let sweeps = 0;
    for (let round = 0; round < 1000; round += 1) {
      const detector = new SuccessRateOutlier();
      const sensors = [0, 1, 2].map(() => {
        const sensor = detector.watch();
        for (let request = 0; request < 100; request += 1) {
          sensor.record(random() < 0.3 ? failure('status') : success, 1, 0);
        }
        return sensor;
      });
      if (detector.sweep(sensors, 0).length > 0) sweeps += 1;
    }
    expect(sweeps).toBeLessThanOrEqual(10);
  });

  it('never finds half or more, nor one above the middle, whatever the rates', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 30 }), (percents) => {
        const outliers = found(percents);
        expect(outliers.length).toBeLessThanOrEqual(Math.max(0, (percents.length - 1) / 2));
        const worst = percents.toSorted((a, b) => a - b).slice(0, outliers.length);
        expect(outliers.map((index) => percents[index])).toEqual(worst);
      }),
    );
  });
});

it.each([{ deviations: -1 }, { minGap: 2 }, { minRequests: 0 }, { minPeers: 1 }, { windowMs: 0 }])(
  'refuses %o',
  (options) => {
    expect(() => new SuccessRateOutlier(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  },
);
