/**
 * Weighted rendezvous hashing: each key has its own random order of all peers, and goes to the first.
 *
 * Peer i costs the key -ln(u)/wᵢ, where u in (0, 1) is drawn by hashing key and peer together: an exponential variate of rate wᵢ.
 * The least of them is at i with chance wᵢ/Σw, so shares follow weights; and as each peer's cost depends on nothing but key,
 * peer and weight, a change moves only keys from or to the peer that changed, and no more than its share did. No ring
 * and no table can do better.
 *
 * Keys are dealt into 65 536 slots first, as in GitHub's load balancer GLB, and the slot's winner is kept once it is known. O(1) a
 * pick, O(n) the first of a slot, O(n) an update. A share is then even to √(n/65536): 1 % for ten peers, 4 % for a hundred.
 *
 * Loses to `maglev` for a thousand peers and more, where slots are few, and where weights change every few seconds, as during slow
 * start: each change forgets the winners.
 *
 * Sources: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998; weights: Schindelhauer and
 * Schomaker, "Weighted Distributed Hash Tables", 2005.
 */
import type { Endpoint } from '../endpoint.ts';
import { mix32, murmur3 } from '../hash/murmur3.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';
import { explainHash, hasRoom, type HashPicker, keyHash, unbounded, type Bound } from './hash-picker.ts';
import { type IndexTable, indexTable } from './index-table.ts';

const slotBits = 16;

/** What a slot holds before its winner is known. */
const unknown = 0;

export class Rendezvous implements HashPicker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #places: Int32Array;
  readonly #inverseWeights: Float64Array;
  /** One more than the index of the winner of each slot, or `unknown`. */
  readonly #winners: IndexTable;

  constructor(peers: readonly Peer[], random: Random, placeOf: (endpoint: Endpoint) => string) {
    this.#peers = peers;
    this.#random = random;
    this.#winners = indexTable(2 ** slotBits, peers.length);
    this.#places = new Int32Array(peers.length);
    this.#inverseWeights = new Float64Array(peers.length);
    for (const [index, peer] of peers.entries()) {
      this.#places[index] = murmur3(placeOf(peer.endpoint));
      this.#inverseWeights[index] = 1 / peer.weight;
    }
  }

  pick(context: PickContext): Peer | undefined {
    return this.pickBelow(unbounded, context);
  }

  pickBelow(bound: Bound, context: PickContext): Peer | undefined {
    const slot = keyHash(context, this.#random) >>> (32 - slotBits);
    const owner = this.#peers[this.#winnerOf(slot)]!;
    const peer = hasRoom(owner, bound, context)
      ? owner
      : this.#peers[this.#best(slot, (other) => hasRoom(other, bound, context))];
    if (context.trace !== undefined) explainHash(context, owner, peer);
    return peer;
  }

  #winnerOf(slot: number): number {
    const known = this.#winners[slot]!;
    if (known !== unknown) return known - 1;
    const winner = this.#best(slot, () => true);
    this.#winners[slot] = winner + 1;
    return winner;
  }

  /** The index of the peer of least cost among those that `counts` lets in, or -1. */
  #best(slot: number, counts: (peer: Peer) => boolean): number {
    const key = mix32(slot + 1);
    let best = -1;
    let least = Infinity;
    for (let index = 0; index < this.#places.length; index += 1) {
      const draw = ((mix32(key ^ this.#places[index]!) >>> 0) + 0.5) / 2 ** 32;
      // -ln(u) is never below 1 - u, which is cheaper and rules out all but a handful.
      if ((1 - draw) * this.#inverseWeights[index]! > least) continue;
      const cost = -Math.log(draw) * this.#inverseWeights[index]!;
      if (cost > least || !counts(this.#peers[index]!)) continue;
      // Equal costs are those of equal places, told apart by id and not by position: all clients must agree.
      if (cost === least && this.#peers[index]!.id > this.#peers[best]!.id) continue;
      best = index;
      least = cost;
    }
    return best;
  }
}
