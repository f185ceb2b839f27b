/**
 * MD5 of a string's UTF-8 bytes, for the ring that memcached clients agree on. Not for secrets.
 *
 * For a key of usual length `node:crypto` takes longer, most of it in getting there, and this package calls nobody.
 * What is left is MD5 itself, 64 steps that each wait for the one before: OpenSSL takes as long (`openssl speed -bytes 16 md5`).
 *
 * Source: RFC 1321.
 */
import { isAscii, utf8 } from './utf8.ts';

/** ⌊2^32 · |sin(step + 1)|⌋, as the RFC defines its table. */
const sines = Int32Array.from({ length: 64 }, (_, step) => Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1))));

/** One block of sixteen little-endian words; kept, so that a hash allocates nothing. */
const block = new Int32Array(16);

/** Writes the four words of the digest of `text`, each little-endian, into `digest`. O(length). */
export function md5(text: string, digest: Int32Array): void {
  const length = text.length;
  let seen = 0;
  let word = 0;
  begin(digest);
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    seen |= code;
    word |= code << (at << 3);
    if ((at & 3) === 3) word = put(at, word, digest);
  }
  // Characters are bytes as long as all of them are ASCII, which keys nearly always are; looking afterwards costs least.
  if (isAscii(seen)) end(length, word, digest);
  else md5Bytes(utf8(text), digest);
}

function md5Bytes(bytes: Uint8Array, digest: Int32Array): void {
  let word = 0;
  begin(digest);
  for (let at = 0; at < bytes.length; at += 1) {
    word |= bytes[at]! << (at << 3);
    if ((at & 3) === 3) word = put(at, word, digest);
  }
  end(bytes.length, word, digest);
}

// One by one: `set` and `fill` would be calls out of compiled code, each as long as a tenth of the hash.
function begin(digest: Int32Array): void {
  digest[0] = 0x67452301;
  digest[1] = 0xefcdab89;
  digest[2] = 0x98badcfe;
  digest[3] = 0x10325476;
}

/** Takes in the word that the byte at `at` completes, and returns the next, of which nothing is known. */
function put(at: number, word: number, digest: Int32Array): number {
  block[(at >> 2) & 15] = word;
  if ((at & 63) === 63) transform(digest);
  return 0;
}

/** Takes in the last word, which is not full, a one bit, and the length. */
function end(length: number, word: number, digest: Int32Array): void {
  let next = (length >> 2) & 15;
  block[next] = word | (0x80 << (length << 3));
  next += 1;
  if (next > 14) {
    while (next < 16) block[next++] = 0;
    transform(digest);
    next = 0;
  }
  while (next < 14) block[next++] = 0;
  block[14] = length << 3;
  block[15] = Math.floor(length / 2 ** 29);
  transform(digest);
}

/**
 * Four steps at a time, after which the four words of the state are in their places again. Each step waits for the word that the last one
 * made, so what mixes in the two others comes first: (c & ~d) + (b & d) is the RFC's (b & d) | (c & ~d), one operation after b. Sums are cut to
 * 32 bits before they are rotated: what only the shifts cut is added in 64, which takes a sixth longer.
 */
function transform(digest: Int32Array): void {
  let a = digest[0]!;
  let b = digest[1]!;
  let c = digest[2]!;
  let d = digest[3]!;
  for (let at = 0; at < 16; at += 4) {
    a = (b + rotate((a + block[at]! + sines[at]! + (d ^ (b & (c ^ d)))) | 0, 7)) | 0;
    d = (a + rotate((d + block[at + 1]! + sines[at + 1]! + (c ^ (a & (b ^ c)))) | 0, 12)) | 0;
    c = (d + rotate((c + block[at + 2]! + sines[at + 2]! + (b ^ (d & (a ^ b)))) | 0, 17)) | 0;
    b = (c + rotate((b + block[at + 3]! + sines[at + 3]! + (a ^ (c & (d ^ a)))) | 0, 22)) | 0;
  }
  for (let at = 16; at < 32; at += 4) {
    a = (b + rotate((a + block[(5 * at + 1) & 15]! + sines[at]! + (c & ~d) + (b & d)) | 0, 5)) | 0;
    d = (a + rotate((d + block[(5 * at + 6) & 15]! + sines[at + 1]! + (b & ~c) + (a & c)) | 0, 9)) | 0;
    c = (d + rotate((c + block[(5 * at + 11) & 15]! + sines[at + 2]! + (a & ~b) + (d & b)) | 0, 14)) | 0;
    b = (c + rotate((b + block[(5 * at) & 15]! + sines[at + 3]! + (d & ~a) + (c & a)) | 0, 20)) | 0;
  }
  for (let at = 32; at < 48; at += 4) {
    a = (b + rotate((a + block[(3 * at + 5) & 15]! + sines[at]! + (b ^ (c ^ d))) | 0, 4)) | 0;
    d = (a + rotate((d + block[(3 * at + 8) & 15]! + sines[at + 1]! + (a ^ (b ^ c))) | 0, 11)) | 0;
    c = (d + rotate((c + block[(3 * at + 11) & 15]! + sines[at + 2]! + (d ^ (a ^ b))) | 0, 16)) | 0;
    b = (c + rotate((b + block[(3 * at + 14) & 15]! + sines[at + 3]! + (c ^ (d ^ a))) | 0, 23)) | 0;
  }
  for (let at = 48; at < 64; at += 4) {
    a = (b + rotate((a + block[(7 * at) & 15]! + sines[at]! + (c ^ (b | ~d))) | 0, 6)) | 0;
    d = (a + rotate((d + block[(7 * at + 7) & 15]! + sines[at + 1]! + (b ^ (a | ~c))) | 0, 10)) | 0;
    c = (d + rotate((c + block[(7 * at + 14) & 15]! + sines[at + 2]! + (a ^ (d | ~b))) | 0, 15)) | 0;
    b = (c + rotate((b + block[(7 * at + 5) & 15]! + sines[at + 3]! + (d ^ (c | ~a))) | 0, 21)) | 0;
  }
  digest[0]! += a;
  digest[1]! += b;
  digest[2]! += c;
  digest[3]! += d;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
