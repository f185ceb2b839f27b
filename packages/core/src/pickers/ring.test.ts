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
      // How many owners have no point decides in how many bits the others are told apart.
      fc.constantFrom(0, 100, 2000, 2 ** 15 - 3, 2 ** 20),
      (points, others, pointless) => {
        const ring = new Ring(
          points,
          points.map((_, index) => index + pointless),
          points.length + pointless,
        );
        const sorted = points
          .map((at, index) => ({ at, owner: index + pointless }))
          .toSorted((one, other) => one.at - other.at);
        expect([...ring.owners]).toEqual(sorted.map(({ owner }) => owner));
        const near = points.flatMap((at) => [at, at - 1, at + 1]).filter((at) => at >= 0 && at < 2 ** 32);
        for (const key of [...others, ...near]) {
          const wanted = sorted.find(({ at }) => at >= key) ?? sorted[0];
          expect(ring.owners[ring.find(key)]).toBe(wanted!.owner);
          expect(ring.find(key | 0)).toBe(ring.find(key));
          expect(ring.ownerOf(key)).toBe(wanted!.owner);
          expect(ring.ownerOf(key | 0)).toBe(wanted!.owner);
        }
      },
    ),
  );
});
