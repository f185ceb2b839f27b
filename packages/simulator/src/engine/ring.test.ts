import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Ring } from './ring.ts';

it('is first in, first out, like an array with shift', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.nat(), { nil: undefined, freq: 2 }), { maxLength: 400, size: 'max' }),
      (steps) => {
        const ring = new Ring();
        const model: number[] = [];
        for (const value of steps) {
          if (value === undefined) expect(ring.shift()).toBe(model.shift() ?? -1);
          else {
            ring.push(value);
            model.push(value);
          }
          expect(ring.length).toBe(model.length);
          expect(ring.first).toBe(model[0] ?? -1);
        }
      },
    ),
  );
});
