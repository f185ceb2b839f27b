import fc from 'fast-check';
import { expect, it } from 'vitest';

import { mix32 } from '../hash/murmur3.ts';
import { jumpBackHash } from './jump-back-hash.ts';

const hash = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** One k after the other, from above, with the numbers that each draws written out. */
function model(key: number, buckets: number): number {
  for (let k = 31; k > 0; k -= 1) {
    const half = 2 ** (k - 1);
    if (half >= buckets) continue;
    const isUpper = Math.floor((key >>> 0) / half) % 2 === 1;
    if (!isUpper) continue;
    const draws = Array.from({ length: 200 }, (_, number) => {
      const drawn = mix32(((key ^ half) + number * 0x9e3779b1) | 0) >>> 0;
      return number === 0 ? half + (drawn % half) : drawn % (2 * half);
    });
    const first = draws.find((drawn) => drawn < buckets)!;
    if (first >= half) return first;
  }
  return 0;
}

it('is what going down one power of two after the other would give', () => {
  fc.assert(
    fc.property(
      hash,
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 31 })),
      (key, buckets) => {
        expect(jumpBackHash(key, buckets)).toBe(model(key, buckets));
      },
    ),
  );
});

it('moves a key only to the bucket that is added, whatever there are', () => {
  fc.assert(
    fc.property(hash, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (key, buckets) => {
      expect([jumpBackHash(key, buckets), buckets]).toContain(jumpBackHash(key, buckets + 1));
    }),
  );
  for (let number = 0; number < 2000; number += 1) {
    const key = mix32(number);
    for (let buckets = 1, last = 0; buckets <= 300; buckets += 1) {
      const bucket = jumpBackHash(key, buckets);
      if (bucket !== last) expect(bucket).toBe(buckets - 1);
      last = bucket;
    }
  }
});

it.each([2, 3, 5, 16, 17, 100, 128, 129, 1000])('is as even over %i buckets as chance would be', (buckets) => {
  const keys = 200_000;
  const counts = new Float64Array(buckets);
  for (let number = 0; number < keys; number += 1) counts[jumpBackHash(mix32(number), buckets)]! += 1;
  const mean = keys / buckets;
  const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  expect(Math.abs(chiSquare - (buckets - 1))).toBeLessThan(5 * Math.sqrt(2 * (buckets - 1)));
});
