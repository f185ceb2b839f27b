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

/** What a byte does to the sum, and from `soon`, `later` and `last` on what it will have done one, two and three bytes later. */
const effects = new Int32Array(1024);
const soon = 256;
const later = 512;
const last = 768;
fillEffects();

/** The checksum of `text` as an integer from -2^31 to 2^31 - 1. O(length). */
export function crc32(text: string): number {
  const length = text.length;
  if (length < 4) return crc32Short(text);
  // Zeros before the first byte change nothing when the sum begins at 0 and not at -1, which is the same as to invert the first four bytes.
  // So what fills no word comes first, after zeros, where at the end a loop would go on for one, two or three bytes, and the
  // processor would guess wrong which.
  const over = 8 * ((length - 1) & 3);
  let even = pairAt(text, 0);
  let odd = pairAt(text, 1);
  let seen = even | odd;
  let sum = addWord(0, ~(even | (odd << 8)) << (24 - over)) ^ (0x00ffffff >>> over);
  for (let at = 1 + (over >> 3); at < length; at += 4) {
    even = pairAt(text, at);
    odd = pairAt(text, at + 1);
    seen |= even | odd;
    sum = addWord(sum, even | (odd << 8));
  }
  // Characters are bytes as long as all of them are ASCII, which keys nearly always are; looking afterwards costs least.
  return isAscii((seen >>> 16) | (seen & 0xffff)) ? ~sum : crc32Bytes(utf8(text));
}

function crc32Short(text: string): number {
  let sum = -1;
  let seen = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    seen |= code;
    sum = addByte(sum, code);
  }
  return isAscii(seen) ? ~sum : crc32Bytes(utf8(text));
}

/** The character at `at` in the lower half, and in the upper one the next but one, so that what is no byte shows after they are joined. */
function pairAt(text: string, at: number): number {
  return text.charCodeAt(at) | (text.charCodeAt(at + 2) << 16);
}

function crc32Bytes(bytes: Uint8Array): number {
  return ~bytes.reduce(addByte, -1);
}

/** The checksum of what has the checksum `before`, and the four bytes of `word` after it, the lowest first. */
export function crc32Next(before: number, word: number): number {
  return ~addWord(~before, word);
}

function addByte(sum: number, byte: number): number {
  return effects[(sum ^ byte) & 255]! ^ (sum >>> 8);
}

function addWord(sum: number, word: number): number {
  const bytes = sum ^ word;
  return (
    effects[last + (bytes & 255)]! ^
    effects[later + ((bytes >>> 8) & 255)]! ^
    effects[soon + ((bytes >>> 16) & 255)]! ^
    effects[bytes >>> 24]!
  );
}

function fillEffects(): void {
  for (let byte = 0; byte < soon; byte += 1) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? polynomial : 0);
    effects[byte] = sum;
  }
  for (let index = soon; index < effects.length; index += 1) {
    const before = effects[index - soon]!;
    effects[index] = effects[before & 255]! ^ (before >>> 8);
  }
}
