import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { md5 } from './md5.ts';

function hex(text: string): string {
  const digest = new Int32Array(4);
  md5(text, digest);
  const bytes = new DataView(new ArrayBuffer(16));
  for (const [index, word] of digest.entries()) bytes.setInt32(4 * index, word, true);
  return Buffer.from(bytes.buffer).toString('hex');
}

it.each([
  { text: '', digest: 'd41d8cd98f00b204e9800998ecf8427e' },
  { text: 'a', digest: '0cc175b9c0f1b6a831c399e269772661' },
  { text: 'abc', digest: '900150983cd24fb0d6963f7d28e17f72' },
  { text: 'message digest', digest: 'f96b697d7cb7938d525a2f31aaf161d0' },
  { text: 'abcdefghijklmnopqrstuvwxyz', digest: 'c3fcd3d76192e4007dfb496cca67e13b' },
  {
    text: '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
    digest: '57edf4a22be3c955ac49da2e2107b67a',
  },
])('gives the digest of "$text" that RFC 1321 gives', ({ text, digest }) => {
  expect(hex(text)).toBe(digest);
});

it('agrees with OpenSSL about any string of any length around its blocks', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.nat({ max: 300 }).map((length) => 'x'.repeat(length)),
  );
  fc.assert(
    fc.property(text, (value) => {
      expect(hex(value)).toBe(createHash('md5').update(value).digest('hex'));
    }),
  );
});
