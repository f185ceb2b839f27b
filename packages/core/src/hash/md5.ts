/**
 * MD5 of a string's UTF-8 bytes, for the ring that memcached clients agree on. Not for secrets.
 *
 * `node:crypto` takes five times as long for a key of usual length, most of it in getting there, and this package calls nobody.
 *
 * Source: RFC 1321.
 */
import { utf8 } from './utf8.ts';

/** ⌊2^32 · |sin(step + 1)|⌋, as the RFC defines its table. */
const sines = Int32Array.from({ length: 64 }, (_, step) => Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1))));

/** Left rotations of the four steps that each of the four rounds repeats. */
const rotations = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

const initial = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);

/** One block of sixteen little-endian words; kept, so that a hash allocates nothing. */
const block = new Int32Array(16);

/** Writes the four words of the digest of `text`, each little-endian, into `digest`. O(length). */
export function md5(text: string, digest: Int32Array): void {
  digest.set(initial);
  let bytes: Uint8Array | undefined;
  let length = text.length;
  for (let at = 0; at < length; at += 1) {
    if (text.charCodeAt(at) < 128) continue;
    bytes = utf8(text);
    length = bytes.length;
    break;
  }

  block.fill(0);
  for (let at = 0; at < length; at += 1) {
    put(at, bytes === undefined ? text.charCodeAt(at) : bytes[at]!);
    if (at % 64 === 63) flush(digest);
  }
  put(length, 0x80);
  if (length % 64 >= 56) flush(digest);
  block[14] = length << 3;
  block[15] = Math.floor(length / 2 ** 29);
  flush(digest);
}

function put(at: number, byte: number): void {
  block[(at >> 2) & 15]! |= byte << ((at & 3) << 3);
}

function flush(digest: Int32Array): void {
  transform(digest);
  block.fill(0);
}

function transform(digest: Int32Array): void {
  let a = digest[0]!;
  let b = digest[1]!;
  let c = digest[2]!;
  let d = digest[3]!;
  for (let step = 0; step < 64; step += 1) {
    const round = step >> 4;
    let mixed: number;
    let word: number;
    if (round === 0) {
      mixed = d ^ (b & (c ^ d));
      word = step;
    } else if (round === 1) {
      mixed = c ^ (d & (b ^ c));
      word = 5 * step + 1;
    } else if (round === 2) {
      mixed = b ^ c ^ d;
      word = 3 * step + 5;
    } else {
      mixed = c ^ (b | ~d);
      word = 7 * step;
    }
    const sum = (a + mixed + sines[step]! + block[word & 15]!) | 0;
    const bits = rotations[(round << 2) | (step & 3)]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << bits) | (sum >>> (32 - bits)))) | 0;
  }
  digest[0]! += a;
  digest[1]! += b;
  digest[2]! += c;
  digest[3]! += d;
}
