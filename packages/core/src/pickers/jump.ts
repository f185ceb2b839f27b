/**
 * Jump consistent hashing: peers are numbered, and a key's number follows from a few steps of arithmetic. No table at all.
 *
 * Perfectly even and minimal for what it is made for, shards whose number grows or shrinks at the end: peers are numbered by
 * `startedAt` and then id, so a newcomer comes last. When any other leaves, or is set aside for its health, all after it move up by
 * one and most of the keys move. O(1) a pick and no memory; O(n) an update that keeps the order.
 *
 * A peer that is full or excluded passes the key on to where it lands when hashed again.
 *
 * Loses to `rendezvous` wherever machines come and go in any order, and knows no weights.
 *
 * Sources: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014; its arithmetic in constant time: Ertl,
 * "JumpBackHash", 2024.
 */
import type { Endpoint } from '../endpoint.ts';
import { mix32 } from '../hash/murmur3.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';
import { compare, explainHash, hasRoom, type HashPicker, keyHash, unbounded, type Bound } from './hash-picker.ts';
import { jumpBackHash } from './jump-back-hash.ts';

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
    const owner = this.#peers[jumpBackHash(hash, this.#peers.length)]!;
    const peer = hasRoom(owner, bound, context) ? owner : this.#rehash(hash, bound, context);
    if (context.trace !== undefined) explainHash(context, owner, peer);
    return peer;
  }

  #rehash(hash: number, bound: Bound, context: PickContext): Peer | undefined {
    const size = this.#peers.length;
    let again = hash;
    let number = 0;
    for (let tries = 0; tries < maxRehashes + size; tries += 1) {
      again = mix32(again + 1);
      number = tries < maxRehashes ? jumpBackHash(again, size) : (number + 1) % size;
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
