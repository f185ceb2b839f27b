import { expect, it } from 'vitest';

import { isKept, least, most, note, within } from './row.ts';

it('gives headroom to times and to nothing else', () => {
  expect(isKept(within('time', 100, 150), 1)).toBe(false);
  expect(isKept(within('time', 100, 150), 2)).toBe(true);
  expect(isKept(within('time', 100, 201), 2)).toBe(false);
  expect(isKept(most('count', 1, 2), 2)).toBe(false);
  expect(isKept(least('count', 2, 1), 2)).toBe(false);
  expect(isKept(least('count', 2, 2), 1)).toBe(true);
});

it('never takes for kept what could not be measured', () => {
  expect(isKept(within('time', 100, NaN), 2)).toBe(false);
  expect(isKept(most('count', 0, NaN), 2)).toBe(false);
  expect(isKept(least('count', 0, NaN), 2)).toBe(false);
});

it('has nothing to keep in a note', () => {
  expect(isKept(note('requests', 17), 1)).toBe(true);
});
