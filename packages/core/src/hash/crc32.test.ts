import { crc32 as zlib } from 'node:zlib';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { crc32, crc32Next } from './crc32.ts';

it('gives the published check of nine digits, and nothing of nothing', () => {
  expect(crc32('123456789')).toBe(0xcbf43926 | 0);
  expect(crc32('')).toBe(0);
});

it('agrees with zlib about any string', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
      expect(crc32(text)).toBe(zlib(text) | 0);
    }),
  );
});

it.each(['é', '€', '\u{1F600}'])('agrees with zlib about %s at any place in a text of any length', (character) => {
  for (let length = 0; length < 20; length += 1) {
    for (let at = 0; at <= length; at += 1) {
      const text = 'x'.repeat(at) + character + 'y'.repeat(length - at);
      expect(crc32(text)).toBe(zlib(text) | 0);
    }
  }
});

it('goes on from a checksum by four bytes', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer(), (text, word) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(word);
      expect(crc32Next(crc32(text), word)).toBe(zlib(bytes, zlib(text)) | 0);
    }),
  );
});
