import { expect, it } from 'vitest';

import { bytes, count, duration, milliseconds, number, percent, rate } from './numbers.ts';

it.each([
  [count(0), '0'],
  [count(1_234_567), '1 234 567'],
  [number(0.30000000000000004), '0.3'],
  [number(1e9), '1000000000'],
  [percent(1 / 3), '33.3 %'],
  [rate(12.34), '12.3'],
  [rate(1234.5), '1235'],
  [milliseconds(9.94), '9.9'],
  [milliseconds(51.7), '52'],
  [duration(-5), '0 s'],
  [duration(119_999), '119 s'],
  [duration(120_000), '2 min'],
  [duration(3 * 3600_000), '3 h'],
  [duration(72 * 3600_000), '3 d'],
  [bytes(512), '512 B'],
  [bytes(20_480), '20 KiB'],
  [bytes(1.8e9), '1.7 GiB'],
  [bytes(5e15), '4547 TiB'],
])('prints %s', (printed, expected) => {
  expect(printed).toBe(expected);
});
