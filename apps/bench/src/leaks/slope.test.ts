import { expect, it } from 'vitest';

import { slopePerHour } from './slope.ts';

it('is that of a line, whatever single points say', () => {
  const line = Array.from({ length: 20 }, (_, minute): [number, number] => [minute, 10 + minute / 60]);
  line[7] = [7, 100];
  expect(slopePerHour(line)).toBeCloseTo(1);
  expect(slopePerHour([[0, 1]])).toBe(0);
});
