import { expect, it } from 'vitest';

import { slope } from './slope.ts';

it('is that of a line, whatever single points say', () => {
  const line = Array.from({ length: 20 }, (_, x): [number, number] => [x, 10 + 3 * x]);
  line[7] = [7, 100];
  expect(slope(line)).toBeCloseTo(3);
  expect(slope([[0, 1]])).toBe(0);
});
