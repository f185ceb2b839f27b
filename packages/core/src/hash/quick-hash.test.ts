import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quickHash } from './quick-hash.ts';

/** Keys as they are met: they count up, they are padded, they share what is before or after. */
const shapes: Record<string, (index: number) => string> = {
  'a name and a number': (index) => `user-${index}`,
  'a bare number': (index) => `${index}`,
  'a padded number': (index) => `${index}`.padStart(12, '0'),
  'a hexadecimal number': (index) => index.toString(16).padStart(8, '0'),
  'a path': (index) => `/api/v1/items/${index}/detail`,
  'an address': (index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  'zeros and ones': (index) => index.toString(2).padStart(18, '0'),
  'Chinese characters': (index) => String.fromCharCode(0x4e00 + (index % 5000), 0x4e00 + Math.floor(index / 5000)),
};

describe.each(Object.entries(shapes))('of 200 000 keys, each %s', (_, keyOf) => {
  const hashes = Array.from({ length: 200_000 }, (__, index) => quickHash(keyOf(index)));

  it('lets no more collide than chance would', () => {
    // Of that many random numbers 4.7 pairs are equal, with a deviation of 2.2.
    expect(hashes.length - new Set(hashes).size).toBeLessThan(16);
  });

  it.each([
    { bits: 'first', slotOf: (hash: number) => hash >>> 22 },
    { bits: 'last', slotOf: (hash: number) => hash & 1023 },
  ])('spreads the $bits ten bits as evenly as chance would', ({ slotOf }) => {
    const counts = new Float64Array(1024);
    for (const hash of hashes) counts[slotOf(hash)]! += 1;
    const mean = hashes.length / 1024;
    const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 1023 degrees of freedom have a deviation of 45.
    expect(chiSquare).toBeLessThan(1023 + 5 * 45);
  });
});

it('never lets two keys of the same length collide that differ in one character', () => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const keys = fc.tuple(fc.array(unit, { minLength: 1, maxLength: 40 }), fc.nat(), unit);
  fc.assert(
    fc.property(keys, ([units, seed, other]) => {
      const at = seed % units.length;
      // What is read twice is in two words.
      fc.pre(units[at] !== other && (units.length % 4 === 0 || units.length < 4 || at < units.length - 4));
      expect(quickHash(units.with(at, other).join(''))).not.toBe(quickHash(units.join('')));
    }),
  );
});

it('changes about half of the bits with any bit of the key', () => {
  const key = 'session-5f0c2a';
  for (let at = 0; at < key.length; at += 1) {
    let changed = 0;
    for (let number = 0; number < 256; number += 1) {
      const one = `${number}${key}`;
      const flipped = String.fromCharCode(one.charCodeAt(at) ^ 1);
      let difference = quickHash(one) ^ quickHash(one.slice(0, at) + flipped + one.slice(at + 1));
      for (; difference !== 0; difference &= difference - 1) changed += 1;
    }
    // Sixteen of 32, with a deviation of 0.18 over 256 keys.
    expect(Math.abs(changed / 256 - 16)).toBeLessThan(0.9);
  }
});

it('gives a small integer, which the engine need not allocate', () => {
  for (const key of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', '日本語', '😀']) {
    expect(quickHash(key)).toBe(quickHash(key) | 0);
  }
});
