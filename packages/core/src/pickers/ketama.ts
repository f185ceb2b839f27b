/**
 * A hash ring: each peer stands at 160 places of a circle, and a key goes to the first peer after it.
 *
 * Other software has rings too, and lays keys and points as we do, given the same `host:port` and weights. That agreement is its
 * reason to be: a Node service and an nginx before the same caches look for a key in the same one. O(1) a pick; an update builds the ring
 * anew at the first pick after it, O(points).
 *
 * Loses to `rendezvous` and `maglev` otherwise: with 160 points the busiest of a hundred peers has a quarter more than its share.
 *
 * Source: Karger et al., "Consistent Hashing and Random Trees", STOC 1997; for what agrees with what, see {@link nginxRing} and
 * {@link libketamaRing}.
 */
import type { Endpoint } from '../endpoint.ts';
import { checkOneOf } from '../options.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';
import {
  byPlace,
  explainHash,
  hasRoom,
  type HashOptions,
  type HashPicker,
  type PlacedPeer,
  unbounded,
  type Bound,
} from './hash-picker.ts';
import { libketamaRing } from './libketama-ring.ts';
import { nginxRing } from './nginx-ring.ts';
import type { Ring } from './ring.ts';
import { walkOn } from './walk-on.ts';

/** What endpoints are told apart by, and whom to agree with. */
export interface KetamaOptions extends HashOptions {
  /**
   * Whose ring it is. `nginx`: that of its `hash … consistent`, by CRC-32. `libketama`: that of memcached clients, by MD5, which makes a pick
   * take four times as long. Defaults to `nginx`.
   */
  readonly as?: 'nginx' | 'libketama' | undefined;
}

/** How keys and peers come to their places on a ring. */
export interface RingDialect {
  /** The place of a key, of which all 32 bits count, whatever their sign. */
  hash(key: string): number;
  /** The ring of these peers, whose owners are their indexes. */
  build(placed: readonly PlacedPeer[]): Ring;
}

const dialects = { nginx: nginxRing, libketama: libketamaRing } as const;

export function ringDialect({ as = 'nginx' }: KetamaOptions): RingDialect {
  return dialects[checkOneOf('as', as, ['nginx', 'libketama'])];
}

/** `host:port` of the endpoint, which is what others hash. */
export const authorityOf = ({ origin }: Endpoint): string => origin.replace(/^[^/]*\/\//, '');

export class Ketama implements HashPicker {
  readonly #placed: readonly PlacedPeer[];
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #dialect: RingDialect;
  #ring: Ring | undefined;

  constructor(peers: readonly Peer[], random: Random, placeOf: (endpoint: Endpoint) => string, dialect: RingDialect) {
    this.#placed = byPlace(peers, placeOf);
    this.#peers = this.#placed.map(({ peer }) => peer);
    this.#random = random;
    this.#dialect = dialect;
  }

  pick(context: PickContext): Peer | undefined {
    return this.pickBelow(unbounded, context);
  }

  pickBelow(bound: Bound, context: PickContext): Peer | undefined {
    const ring = (this.#ring ??= this.#dialect.build(this.#placed));
    const { key } = context;
    const hash = key === undefined ? (this.#random() * 2 ** 32) | 0 : this.#dialect.hash(key);
    const owner = this.#peers[ring.ownerOf(hash)]!;
    const peer = hasRoom(owner, bound, context)
      ? owner
      : walkOn(ring.owners, ring.find(hash), this.#peers, bound, context);
    if (context.trace !== undefined) explainHash(context, owner, peer);
    return peer;
  }
}
