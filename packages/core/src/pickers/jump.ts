/**
 * Jump consistent hashing: peers are numbered, and a key's number follows from a few steps of arithmetic. No table at all.
 *
 * Perfectly even and minimal for what it is made for, shards whose number grows or shrinks at the end: peers are numbered by
 * `startedAt` and then id, so a newcomer comes last. When any other leaves, or is set aside for its health, all after it move up by
 * one and most of the keys move. O(log n) a pick and no memory; O(n) an update that keeps the order.
 *
 * A peer that is full or excluded passes the key on to where it lands when hashed again.
 *
 * Loses to `rendezvous` wherever machines come and go in any order, and knows no weights.
 *
 * Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014.
 */
import type { Endpoint } from '../endpoint.ts';
import { mix32 } from '../hash/murmur3.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';
import { compare, explainHash, hasRoom, type HashPicker, keyHash, unbounded, type Bound } from './hash-picker.ts';

/** In which order endpoints are numbered. */
export interface JumpOptions {
  /**
   * How endpoints are numbered, as for `Array.prototype.sort`. Keys stay only while newcomers come last and the last leave first.
   * Defaults to the oldest first, by `startedAt`, then by id.
   */
  readonly order?: ((one: Endpoint, other: Endpoint) => number) | undefined;
}

/** Rehashes in search of an open peer, before the next in number is taken. Of half the peers closed, one in 256 keys needs more. */
const maxRehashes = 8;

export class Jump implements HashPicker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;

  constructor(peers: readonly Peer[], random: Random, order: (one: Endpoint, other: Endpoint) => number) {
    this.#peers = peers.toSorted((one, other) => order(one.endpoint, other.endpoint));
    this.#random = random;
  }

  pick(context: PickContext): Peer | undefined {
    return this.pickBelow(unbounded, context);
  }

  pickBelow(bound: Bound, context: PickContext): Peer | undefined {
    const hash = keyHash(context, this.#random);
    const owner = this.#peers[jumpHash(hash, mix32(~hash), this.#peers.length)]!;
    const peer = hasRoom(owner, bound, context) ? owner : this.#rehash(hash, bound, context);
    if (context.trace !== undefined) explainHash(context, owner, peer);
    return peer;
  }

  #rehash(hash: number, bound: Bound, context: PickContext): Peer | undefined {
    const size = this.#peers.length;
    let low = mix32(~hash);
    let number = 0;
    for (let tries = 0; tries < maxRehashes + size; tries += 1) {
      low = mix32(low + 1);
      number = tries < maxRehashes ? jumpHash(hash, low, size) : (number + 1) % size;
      const peer = this.#peers[number]!;
      if (hasRoom(peer, bound, context)) return peer;
    }
    return undefined;
  }
}

/** Oldest first, so that a newcomer has the highest number. */
export function byAge(one: Endpoint, other: Endpoint): number {
  return (one.startedAt ?? 0) - (other.startedAt ?? 0) || compare(one.id, other.id);
}

/**
 * The bucket, from 0 to `buckets - 1`, of a 64-bit key given in two halves; the same that every other implementation gives.
 * O(log buckets).
 */
export function jumpHash(high: number, low: number, buckets: number): number {
  let top = high | 0;
  let bottom = low | 0;
  let bucket = 0;
  for (let next = 0; next < buckets;) {
    bucket = next;
    // key = key · 2862933555777941757 + 1, modulo 2^64, in 32-bit halves.
    top = (Math.imul(top, multiplierLow) + Math.imul(bottom, multiplierHigh) + highProduct(bottom)) | 0;
    bottom = (Math.imul(bottom, multiplierLow) + 1) | 0;
    if (bottom === 0) top = (top + 1) | 0;
    next = Math.floor((bucket + 1) * (2 ** 31 / ((top >>> 1) + 1)));
  }
  return bucket;
}

const multiplierHigh = 0x27bb2ee6;
const multiplierLow = 0x87b0b0fd;

/** The upper half of the 64-bit product of `value` and `multiplierLow`, by way of 16-bit digits, whose products all fit 32 bits. */
function highProduct(value: number): number {
  const valueHigh = value >>> 16;
  const valueLow = value & 0xffff;
  const lowest = Math.imul(valueLow, multiplierLow & 0xffff) >>> 16;
  // At most 65535² + 65535, which is below 2^32, so nothing is carried out of these either.
  const middle = (Math.imul(valueHigh, multiplierLow & 0xffff) + lowest) | 0;
  const other = (Math.imul(valueLow, multiplierLow >>> 16) + (middle & 0xffff)) | 0;
  return (Math.imul(valueHigh, multiplierLow >>> 16) + (middle >>> 16) + (other >>> 16)) | 0;
}
