/**
 * The hash ring of memcached clients: each peer stands at 160 places of a circle, and a key goes to the first peer after it.
 *
 * Points and keys are hashed with MD5 as libketama, libmemcached's weighted mode, twemproxy and the npm package `hashring` do, so all
 * of them agree where each key lies, given the same `host:port` and weights. That agreement is its reason to be. O(1) a pick,
 * most of it MD5, whose 64 steps each wait for the one before; an update builds the ring anew at the first pick after it, O(points).
 *
 * Loses to `rendezvous` and `maglev` otherwise: with 160 points the busiest of a hundred peers has a quarter more than its share.
 *
 * Source: Richard Jones, libketama, 2007; weights as in libmemcached `hosts.cc`: ⌊share · 40 · n⌋ hashes of four points each.
 * There is at least one, where libmemcached has none for a peer of less than 1/40 of the mean weight: what weighs
 * anything gets something.
 */
import type { Endpoint } from '../endpoint.ts';
import { md5 } from '../hash/md5.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';
import {
  byPlace,
  explainHash,
  hasRoom,
  type HashPicker,
  type PlacedPeer,
  unbounded,
  type Bound,
} from './hash-picker.ts';
import { Ring } from './ring.ts';
import { walkOn } from './walk-on.ts';

/** MD5 digests for each peer of mean weight; each gives four points. */
const hashesPerPeer = 40;

/** Keeps a share that is exact in arithmetic from falling below a whole number by rounding, as seven equal ones would. */
const roundingSlack = 1e-9;

const digest = new Int32Array(4);

/** `host:port` of the endpoint, which is what memcached clients hash. */
export const authorityOf = ({ origin }: Endpoint): string => origin.replace(/^[^/]*\/\//, '');

export class Ketama implements HashPicker {
  readonly #placed: readonly PlacedPeer[];
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  #ring: Ring | undefined;

  constructor(peers: readonly Peer[], random: Random, placeOf: (endpoint: Endpoint) => string) {
    this.#placed = byPlace(peers, placeOf);
    this.#peers = this.#placed.map(({ peer }) => peer);
    this.#random = random;
  }

  pick(context: PickContext): Peer | undefined {
    return this.pickBelow(unbounded, context);
  }

  pickBelow(bound: Bound, context: PickContext): Peer | undefined {
    this.#ring ??= ringOf(this.#placed);
    const owners = this.#ring.owners;
    const position = this.#ring.find(context.key === undefined ? this.#random() * 2 ** 32 : firstWord(context.key));
    const owner = this.#peers[owners[position]!]!;
    const peer = hasRoom(owner, bound, context) ? owner : walkOn(owners, position, this.#peers, bound, context);
    if (context.trace !== undefined) explainHash(context, owner, peer);
    return peer;
  }
}

function ringOf(placed: readonly PlacedPeer[]): Ring {
  let sum = 0;
  for (const { peer } of placed) sum += peer.weight;
  const points: number[] = [];
  const owners: number[] = [];
  for (const [index, { peer, place }] of placed.entries()) {
    const share = (peer.weight / sum) * placed.length;
    const hashes = Math.max(1, Math.floor(share * hashesPerPeer + roundingSlack));
    for (let hash = 0; hash < hashes; hash += 1) {
      md5(`${place}-${hash}`, digest);
      for (const word of digest) {
        points.push(word >>> 0);
        owners.push(index);
      }
    }
  }
  return new Ring(points, owners);
}

function firstWord(key: string): number {
  md5(key, digest);
  return digest[0]!;
}
