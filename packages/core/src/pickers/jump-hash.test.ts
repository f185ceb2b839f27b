import fc from 'fast-check';
import { expect, it } from 'vitest';

import { jumpHash } from './jump-hash.ts';

const hash = (key: bigint, buckets: number) => jumpHash(Number(key >> 32n), Number(key & 0xffffffffn), buckets);

// github.com/dgryski/go-jump, and Guava's HashingTest.
it('gives the published buckets', () => {
  const first = Array.from({ length: 20 }, (_, key) => hash(BigInt(key), 100));
  expect(first).toEqual([0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83]);
  expect(hash(10863919174838991n, 11)).toBe(6);
  expect(hash(2016238256797177309n, 11)).toBe(3);
  expect(hash(1673758223894951030n, 11)).toBe(5);
  expect([hash(2n, 100_001), hash(2201n, 100_001), hash(2202n, 100_001)]).toEqual([80_343, 22_152, 15_018]);
  const ofOne = Array.from({ length: 19 }, (_, index) => hash(1n, index + 1));
  expect(ofOne).toEqual([0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17]);
});

/** The paper's listing, with whole 64-bit integers. */
function model(start: bigint, buckets: number): number {
  let key = start;
  let bucket = 0;
  for (let next = 0; next < buckets;) {
    bucket = next;
    key = BigInt.asUintN(64, key * 2862933555777941757n + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(key >> 33n) + 1)));
  }
  return bucket;
}

it('does the arithmetic of 64 bits that its paper does', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 1, max: 100_000 }), (key, buckets) => {
      expect(hash(key, buckets)).toBe(model(key, buckets));
    }),
  );
});

it('carries from the lower half of the key into the upper', () => {
  // 0x666313ab · 0x87b0b0fd + 1 is 0, modulo 2^32, so one more must be added above.
  for (let high = 0n; high < 200n; high += 1n) {
    const key = (high << 32n) | 0x666313abn;
    expect(hash(key, 1_000_000)).toBe(model(key, 1_000_000));
  }
});
