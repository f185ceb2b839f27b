/**
 * MurmurHash3 (x86, 32 bits) of a string's UTF-8 bytes: the hash of what must lie where other software puts it, and of peers' places, which
 * are hashed once and may therefore cost a little. Keys, which are hashed for every pick, have `quickHash`.
 *
 * In plain JavaScript it beats `node:crypto` by far for strings of usual length, since a call out of the engine alone costs more than
 * the whole hash. Not for secrets, nor against people who choose keys to collide.
 *
 * Source: Austin Appleby, SMHasher, `MurmurHash3.cpp`.
 */
import { isAscii, utf8 } from './utf8.ts';

/** The hash of `text` as an integer from 0 to 2^32 - 1. O(length). */
export function murmur3(text: string, seed = 0): number {
  const length = text.length;
  let hash = seed;
  let seen = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    const third = text.charCodeAt(at + 2);
    const fourth = text.charCodeAt(at + 3);
    seen |= first | second | third | fourth;
    hash = stir(hash, first | (second << 8) | (third << 16) | (fourth << 24));
  }
  let rest = 0;
  for (let shift = 0; at < length; at += 1, shift += 8) {
    const code = text.charCodeAt(at);
    seen |= code;
    rest |= code << shift;
  }
  // Characters are bytes as long as all of them are ASCII, which keys nearly always are; looking afterwards costs least.
  return isAscii(seen) ? finish(hash, rest, length) >>> 0 : murmur3Bytes(utf8(text), seed);
}

/** As {@link murmur3}, of bytes. */
export function murmur3Bytes(bytes: Uint8Array, seed = 0): number {
  const length = bytes.length;
  let hash = seed;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    hash = stir(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  let rest = 0;
  for (let shift = 0; at < length; at += 1, shift += 8) rest |= bytes[at]! << shift;
  return finish(hash, rest, length) >>> 0;
}

/** Spreads the bits of a 32-bit integer over all 32, one to one, as a signed integer: MurmurHash3's finalizer. */
export function mix32(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function stir(hash: number, word: number): number {
  return (Math.imul(rotate(hash ^ scramble(word), 13), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, rest: number, length: number): number {
  return mix32(hash ^ scramble(rest) ^ length);
}

function scramble(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
