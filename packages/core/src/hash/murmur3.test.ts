import fc from 'fast-check';
import { expect, it } from 'vitest';

import { mix32, murmur3, murmur3Bytes } from './murmur3.ts';

it.each([
  { text: '', seed: 0, hash: 0 },
  { text: '', seed: 1, hash: 0x514e28b7 },
  { text: '', seed: 0xffffffff, hash: 0x81f16f39 },
  { text: 'a', seed: 0x9747b28c, hash: 0x7fa09ea6 },
  { text: 'aa', seed: 0x9747b28c, hash: 0x5d211726 },
  { text: 'aaa', seed: 0x9747b28c, hash: 0x283e0130 },
  { text: 'aaaa', seed: 0x9747b28c, hash: 0x5a97808a },
  { text: 'abcd', seed: 0x9747b28c, hash: 0xf0478627 },
  { text: 'Hello, world!', seed: 0x9747b28c, hash: 0x24884cba },
  { text: 'ππππππππ', seed: 0x9747b28c, hash: 0xd58063c1 },
  { text: 'The quick brown fox jumps over the lazy dog', seed: 0x9747b28c, hash: 0x2fa826cd },
])('gives the published hash of "$text"', ({ text, seed, hash }) => {
  expect(murmur3(text, seed)).toBe(hash);
});

it('passes the verification of SMHasher, which hashes the hashes of 256 keys', () => {
  const keys = Uint8Array.from({ length: 256 }, (_, index) => index);
  const hashes = new DataView(new ArrayBuffer(1024));
  for (const index of keys) hashes.setUint32(4 * index, murmur3Bytes(keys.subarray(0, index), 256 - index), true);
  expect(murmur3Bytes(new Uint8Array(hashes.buffer))).toBe(0xb0f57ee3);
});

it('hashes any string as its UTF-8 bytes', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(text, fc.integer(), (value, seed) => {
      expect(murmur3(value, seed)).toBe(murmur3Bytes(new TextEncoder().encode(value), seed));
    }),
  );
});

it('mixes one to one', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (one, other) => {
      expect(mix32(one) === mix32(other)).toBe(one === other);
    }),
  );
});
