import fc from 'fast-check';
import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { AliasTable } from './alias-table.ts';

const weights = fc
  .array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true })), { minLength: 1, maxLength: 40 })
  .filter((list) => list.some((weight) => weight > 0));

it('gives each index exactly its share of the unit interval, within rounding', () => {
  fc.assert(
    fc.property(weights, (list) => {
      const table = new AliasTable(list);
      const sum = list.reduce((total, weight) => total + weight, 0);
      const steps = 2000;
      const counts = list.map(() => 0);
      // Walking the unit interval in even steps measures each column's two parts directly, without any chance.
      for (let column = 0; column < list.length; column += 1) {
        for (let step = 0; step < steps; step += 1) {
          counts[table.draw(() => (column + (step + 0.5) / steps) / list.length)]! += 1;
        }
      }
      for (const [index, weight] of list.entries()) {
        // A column boundary may fall anywhere inside one step, once for each column.
        expect(Math.abs(counts[index]! / (steps * list.length) - weight / sum)).toBeLessThanOrEqual(1.01 / steps);
      }
    }),
  );
});

it('never draws an index of weight 0', () => {
  fc.assert(
    fc.property(weights, fc.integer(), (list, seed) => {
      const table = new AliasTable(list);
      const random = seededRandom(seed);
      for (let draw = 0; draw < 200; draw += 1) expect(list[table.draw(random)]).toBeGreaterThan(0);
    }),
  );
});

it('takes weights whose sum is past the largest number', () => {
  const table = new AliasTable([Number.MAX_VALUE, Number.MAX_VALUE]);
  expect([table.draw(() => 0.25), table.draw(() => 0.75)]).toEqual([0, 1]);
});
