import fc from 'fast-check';
import { expect, it } from 'vitest';

import { SlidingQuantile } from './sliding-quantile.ts';

it('gives what sorting the last values would', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 60 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      values,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (size, list, share) => {
        const subject = new SlidingQuantile(size);
        for (const [index, value] of list.entries()) {
          subject.add(value);
          const last = list.slice(Math.max(0, index + 1 - size), index + 1);
          const wanted = last
            .toSorted((one, other) => one - other)
            .find((candidate) => {
              return last.filter((other) => other <= candidate).length >= share * last.length;
            });
          // Of 0 and -0 either will do.
          expect(Math.abs(subject.quantile(share)! - wanted!) <= 0).toBe(true);
          expect(subject.size).toBe(last.length);
        }
      },
    ),
  );
});

it('has none of nothing', () => {
  expect(new SlidingQuantile(3).quantile(0.5)).toBeUndefined();
});
