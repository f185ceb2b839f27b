import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { IndexTable } from './index-table.ts';
import { maglevTable } from './maglev-table.ts';

const sizes = (table: IndexTable, count: number) => {
  const each = Array.from({ length: count }, () => 0);
  for (const index of table) each[index]! += 1;
  return each;
};

// Table 1 of the paper.
const paper = [
  { offset: 3, skip: 4, weight: 1 },
  { offset: 0, skip: 2, weight: 1 },
  { offset: 3, skip: 1, weight: 1 },
] as const;

it('fills the table of seven slots as the paper does, before and after the second leaves', () => {
  expect([...maglevTable(paper, 7)]).toEqual([1, 0, 1, 0, 2, 2, 0]);
  const [first, , third] = paper;
  expect([...maglevTable([first, third], 7)]).toEqual([0, 0, 0, 0, 1, 1, 1]);
});

it.each([
  { weights: [1, 2], expected: [21_846, 43_691] },
  { weights: [1, 2, 3], expected: [10_923, 21_846, 32_768] },
  { weights: [1, 1, 1], expected: [21_846, 21_846, 21_845] },
])('gives weights $weights the published slots of 65 537', ({ weights, expected }) => {
  const permutations = weights.map((weight, index) => ({ offset: 7919 * index, skip: 31 + index, weight }));
  expect(sizes(maglevTable(permutations, 65_537), weights.length)).toEqual(expected);
});

it('gives equal weights slots that differ by one at most, and unequal ones what they are due within one turn', () => {
  const permutation = fc.record({
    offset: fc.nat({ max: 1020 }),
    skip: fc.integer({ min: 1, max: 1020 }),
    weight: fc.integer({ min: 1, max: 10 }),
  });
  fc.assert(
    fc.property(fc.array(permutation, { minLength: 1, maxLength: 30 }), (permutations) => {
      const each = sizes(maglevTable(permutations, 1021), permutations.length);
      const sum = permutations.reduce((total, { weight }) => total + weight, 0);
      for (const [index, { weight }] of permutations.entries()) {
        expect(Math.abs(each[index]! - (1021 * weight) / sum)).toBeLessThanOrEqual(
          1 + (permutations.length * weight) / sum,
        );
      }
      const equal = sizes(
        maglevTable(
          permutations.map(({ offset, skip }) => ({ offset, skip, weight: 3 })),
          1021,
        ),
        permutations.length,
      );
      expect(Math.max(...equal) - Math.min(...equal)).toBeLessThanOrEqual(1);
    }),
  );
});

it('gives whoever weighs anything a slot', () => {
  const permutations = [1e9, 1e-9, 1].map((weight, index) => ({ offset: index, skip: 5, weight }));
  expect(Math.min(...sizes(maglevTable(permutations, 65_537), 3))).toBeGreaterThan(0);
});
