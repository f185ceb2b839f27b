import { expect, it } from 'vitest';

import { schedule } from './schedule.ts';

const options = { seed: 7, arrivalsPerSecond: 500, durationMs: 200_000, meanWorkMs: 30 };

it('gives the same arrivals and work for the same seed, and others for another', () => {
  expect(schedule(options)).toEqual(schedule(options));
  expect(schedule({ ...options, seed: 8 })).not.toEqual(schedule(options));
});

it('keeps the work when the rate changes', () => {
  const slower = schedule({ ...options, arrivalsPerSecond: 100 });
  expect(slower.map(({ workMs }) => workMs)).toEqual(
    schedule(options)
      .slice(0, slower.length)
      .map(({ workMs }) => workMs),
  );
});

it('has the rate, the mean work and the spread of gaps that it was asked for', () => {
  const arrivals = schedule(options);
  // 100 000 draws: the mean has a deviation of 0.3 %, and three times that is allowed.
  expect(Math.abs(arrivals.length / 100_000 - 1)).toBeLessThan(0.01);
  expect(Math.abs(arrivals.reduce((sum, { workMs }) => sum + workMs, 0) / arrivals.length / 30 - 1)).toBeLessThan(0.01);
  const gaps = arrivals.slice(1).map(({ at }, index) => at - (arrivals[index]?.at ?? 0));
  // In a Poisson process 1 - 1/e of all gaps are below their mean.
  expect(gaps.filter((gap) => gap < 2).length / gaps.length).toBeCloseTo(1 - 1 / Math.E, 2);
});
