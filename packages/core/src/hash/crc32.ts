/**
 * CRC-32 of a string's UTF-8 bytes, as in Ethernet, gzip and nginx. A checksum, though a key is spread well enough by it for a ring.
 *
 * Four bytes at a time, by four tables ("slicing"): what each byte will have done to the sum four bytes later is looked up, so that the
 * four wait for one another no longer. In plain JavaScript, since a call of `node:zlib` costs more than the whole of it for a key.
 *
 * Source: ISO 3309; slicing: Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC
 * Generators", 2005.
 */
import { isAscii, utf8 } from './utf8.ts';

/** The polynomial, its lowest power in the highest bit. */
const polynomial = 0xedb88320;

/** What a byte does to the sum: itself, and one, two and three bytes later. */
const [now, soon, later, last] = tables();

/** The checksum of `text` as an integer from -2^31 to 2^31 - 1. O(length). */
export function crc32(text: string): number {
  const length = text.length;
  let sum = -1;
  let seen = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    const third = text.charCodeAt(at + 2);
    const fourth = text.charCodeAt(at + 3);
    seen |= first | second | third | fourth;
    sum = addWord(sum, first | (second << 8) | (third << 16) | (fourth << 24));
  }
  for (; at < length; at += 1) {
    const code = text.charCodeAt(at);
    seen |= code;
    sum = addByte(sum, code);
  }
  // Characters are bytes as long as all of them are ASCII, which keys nearly always are; looking afterwards costs least.
  return isAscii(seen) ? ~sum : ~utf8(text).reduce(addByte, -1);
}

/** The checksum of what has the checksum `before`, and the four bytes of `word` after it, the lowest first. */
export function crc32Next(before: number, word: number): number {
  return ~addWord(~before, word);
}

function addByte(sum: number, byte: number): number {
  return now[(sum ^ byte) & 255]! ^ (sum >>> 8);
}

function addWord(sum: number, word: number): number {
  const bytes = sum ^ word;
  return last[bytes & 255]! ^ later[(bytes >>> 8) & 255]! ^ soon[(bytes >>> 16) & 255]! ^ now[bytes >>> 24]!;
}

function tables(): [Int32Array, Int32Array, Int32Array, Int32Array] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? polynomial : 0);
    return sum;
  });
  const next = (table: Int32Array): Int32Array => table.map((sum) => first[sum & 255]! ^ (sum >>> 8));
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}
