import { expect, it } from 'vitest';

import { estimate, student95 } from './confidence.ts';

it('knows the quantiles of Student to two thousandths', () => {
  for (const [degrees, value] of [
    [1, 12.7062],
    [2, 4.3027],
    [3, 3.1824],
    [4, 2.7764],
    [9, 2.2622],
    [19, 2.093],
    [1000, 1.9623],
  ] as const) {
    expect(Math.abs(student95(degrees) / value - 1)).toBeLessThan(0.002);
  }
});

it('gives a mean and how far off it may be', () => {
  expect(estimate([10, 12, 14])).toEqual({ mean: 12, margin: expect.closeTo((4.3027 * 2) / Math.sqrt(3), 6) });
  expect(estimate([7])).toEqual({ mean: 7, margin: 0 });
});
