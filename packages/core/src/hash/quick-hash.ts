/**
 * The hash of a key, for the policies that need not agree with other software about it.
 *
 * Reading a string is most of what hashing it costs: the engine asks anew for each character how the string is stored. So each is
 * read once, four in a row, and taken as the code unit that it is: nothing is encoded, and nothing allocated, whatever language the key
 * is in. The last four are read again where a loop would go on for one, two or three, which the processor would guess wrong.
 *
 * Two code units make a word of 32 bits. A word is taken in one to one, as in a round of xxHash, so keys of the same length that
 * differ in one word never collide; at the end the bits are spread as MurmurHash3 does. Not for secrets, nor against people who choose keys
 * to collide.
 */
import { mix32 } from './murmur3.ts';

/** The hash of `text` as an integer from -2^31 to 2^31 - 1. O(length). */
export function quickHash(text: string): number {
  const length = text.length;
  let hash = Math.imul(length, prime);
  if (length < 4) {
    for (let at = 0; at < length; at += 1) hash = stir(hash, text.charCodeAt(at));
    return mix32(hash);
  }
  const last = length - 4;
  for (let at = 0; at < last; at += 4) hash = stirFour(hash, text, at);
  return mix32(stirFour(hash, text, last));
}

/** The first prime of xxHash, near 2^32 over the golden ratio. */
const prime = 0x9e3779b1;

function stirFour(hash: number, text: string, at: number): number {
  const first = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
  const second = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16);
  return stir(stir(hash, first), second);
}

function stir(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, prime);
  return (product << 13) | (product >>> 19);
}
