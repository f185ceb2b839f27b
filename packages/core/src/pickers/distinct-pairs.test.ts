import fc from 'fast-check';
import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { distinctPairs } from './distinct-pairs.ts';

const weights = (minLength: number, maxLength: number) =>
  fc.array(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), { minLength, maxLength });

it('never draws the same index twice, from any weights and any source of chance', () => {
  const random = fc.oneof(
    fc.integer().map((seed) => seededRandom(seed)),
    fc.constantFrom(
      () => 0,
      () => 0.5,
      () => 1 - 2 ** -53,
    ),
  );
  fc.assert(
    fc.property(fc.oneof(weights(2, 5), weights(15, 40)), random, (list, next) => {
      const pairs = distinctPairs(list);
      for (let draw = 0; draw < 50; draw += 1) {
        const first = pairs.first(next);
        const second = pairs.second(next, first);
        expect(second).not.toBe(first);
        expect(list[first]! > 0 && list[second]! > 0).toBe(true);
      }
    }),
  );
});

it.each([
  { name: 'two', list: [1, 3] },
  { name: 'three', list: [1, 2, 3] },
  { name: 'sixteen, which share a table', list: Array.from({ length: 16 }, (_, index) => 1 + (index % 3)) },
  { name: 'seventeen, which are redrawn', list: Array.from({ length: 17 }, (_, index) => 1 + (index % 3)) },
  { name: 'twenty, one of them far heavier than the rest', list: [400, ...Array.from({ length: 19 }, () => 1)] },
])(
  'draws each ordered pair of $name as often as drawing without putting back would, within 5 deviations',
  ({ list }) => {
    const pairs = distinctPairs(list);
    const random = seededRandom(17);
    const draws = 200_000;
    const counts = list.map(() => list.map(() => 0));
    for (let draw = 0; draw < draws; draw += 1) {
      const first = pairs.first(random);
      counts[first]![pairs.second(random, first)]! += 1;
    }
    const sum = list.reduce((total, weight) => total + weight);
    for (const [first, row] of counts.entries()) {
      for (const [second, count] of row.entries()) {
        const chance = first === second ? 0 : (list[first]! / sum) * (list[second]! / (sum - list[first]!));
        expect(Math.abs(count - draws * chance)).toBeLessThanOrEqual(5 * Math.sqrt(draws * chance * (1 - chance)));
      }
    }
  },
);

it.each([
  { name: 'a few', list: [1, 2, 3, 0.01] },
  { name: 'many, one of them far heavier than the rest', list: [400, ...Array.from({ length: 19 }, () => 1)] },
])('draws any of $name by weight alone, whatever was drawn before, within 5 deviations', ({ list }) => {
  const pairs = distinctPairs(list);
  const random = seededRandom(18);
  const draws = 100_000;
  const counts = list.map(() => 0);
  for (let draw = 0; draw < draws; draw += 1) {
    pairs.second(random, pairs.first(random));
    counts[pairs.any(random)]! += 1;
  }
  const sum = list.reduce((total, weight) => total + weight);
  for (const [index, count] of counts.entries()) {
    const chance = list[index]! / sum;
    expect(Math.abs(count - draws * chance)).toBeLessThanOrEqual(5 * Math.sqrt(draws * chance * (1 - chance)));
  }
});

it.each([
  { name: 'three', list: [1, 2, 3] },
  { name: 'a few', list: [1, 2, 3, 4] },
  { name: 'many', list: Array.from({ length: 30 }, (_, index) => 1 + (index % 3)) },
])('draws a third of $name as often as its weight among those left says, within 5 deviations', ({ list }) => {
  const pairs = distinctPairs(list);
  const random = seededRandom(19);
  const draws = 50_000;
  const counts = list.map(() => 0);
  let found = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    const third = pairs.third(random, 0, 2);
    if (third === 0 || third === 2) continue;
    counts[third]! += 1;
    found += 1;
  }
  expect(found).toBeGreaterThan(0.95 * draws);
  const left = list.reduce((sum, weight) => sum + weight) - list[0]! - list[2]!;
  for (const [index, count] of counts.entries()) {
    const chance = index === 0 || index === 2 ? 0 : list[index]! / left;
    expect(Math.abs(count - found * chance)).toBeLessThanOrEqual(5 * Math.sqrt(found * chance * (1 - chance)));
  }
});

it('gives up on a third that draws do not find', () => {
  expect([0, 1]).toContain(distinctPairs([1, 1, 1e-9, 1e-9]).third(seededRandom(20), 0, 1));
});
