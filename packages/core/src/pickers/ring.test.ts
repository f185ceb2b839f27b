import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Ring } from './ring.ts';

// Values near each other and near both ends make equal points, full buckets and keys past the last.
const point = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 2 ** 32 - 20, max: 2 ** 32 - 1 }),
);

it('finds what walking through the sorted points would', () => {
  fc.assert(
    fc.property(
      fc.array(point, { minLength: 1, maxLength: 100 }),
      fc.array(point, { minLength: 1 }),
      (points, keys) => {
        const ring = new Ring(
          points,
          points.map((_, index) => index),
          points.length,
        );
        const sorted = points.map((at, owner) => ({ at, owner })).toSorted((one, other) => one.at - other.at);
        expect([...ring.owners]).toEqual(sorted.map(({ owner }) => owner));
        for (const key of keys) {
          const wanted = sorted.find(({ at }) => at >= key) ?? sorted[0];
          expect(ring.owners[ring.find(key)]).toBe(wanted!.owner);
          expect(ring.find(key | 0)).toBe(ring.find(key));
        }
      },
    ),
  );
});
