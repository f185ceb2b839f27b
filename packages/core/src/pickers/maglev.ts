/**
 * Maglev hashing: a table of slots that the peers fill in turns, each in an order of its own. A key looks into one slot.
 *
 * The most even of the hashes: equal weights differ by one slot at most, whatever the number of peers. It pays with a little
 * stability: when a peer leaves, besides its own keys about half a percent of the others' move (the paper's Figure 12, and a
 * test here). O(1) a pick; an update fills the table anew, at the first pick after it.
 *
 * A peer that is full or excluded is passed over to the owner of the next slot, which is a different one from slot to slot.
 *
 * Loses to `rendezvous` where moved keys are dear, and where peers change so often that filling the table counts.
 *
 * Source: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016.
 */
import type { Endpoint } from '../endpoint.ts';
import { InvalidOptionError } from '../errors.ts';
import { murmur3 } from '../hash/murmur3.ts';
import { checkNumber } from '../options.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Random } from '../policy.ts';
import {
  byPlace,
  explainHash,
  hasRoom,
  type HashOptions,
  type HashPicker,
  keyHash,
  type PlacedPeer,
  unbounded,
  type Bound,
} from './hash-picker.ts';
import type { IndexTable } from './index-table.ts';
import { maglevTable } from './maglev-table.ts';
import { walkOn } from './walk-on.ts';

/** What endpoints are told apart by, and how large the table is. */
export interface MaglevOptions extends HashOptions {
  /**
   * Slots of the table, a prime. With a hundred for each peer, shares of equal weights differ by one percent at most; each slot takes
   * four bytes, and its part of the time of an update. Defaults to 65 537, as in the paper.
   */
  readonly tableSize?: number | undefined;
}

export function maglevSize({ tableSize = 65_537 }: MaglevOptions): number {
  // Bounded by what a typed array holds.
  if (isPrime(checkNumber('tableSize', tableSize, { min: 2, max: 2 ** 30, integer: true }))) return tableSize;
  throw new InvalidOptionError('tableSize', 'a prime', tableSize);
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) if (value % divisor === 0) return false;
  return true;
}

/** Any other seed than the one that gives the offset would do. */
const skipSeed = 1;

export class Maglev implements HashPicker {
  readonly #placed: readonly PlacedPeer[];
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #size: number;
  readonly #slotsPerHash: number;
  #table: IndexTable | undefined;

  /** `size` is the number of slots, a prime. */
  constructor(peers: readonly Peer[], random: Random, placeOf: (endpoint: Endpoint) => string, size: number) {
    // In list order, neighbours in the registry would decide who fills a slot first, and no two clients need agree on it.
    this.#placed = byPlace(peers, placeOf);
    this.#peers = this.#placed.map(({ peer }) => peer);
    this.#random = random;
    this.#size = size;
    this.#slotsPerHash = size / 2 ** 32;
  }

  pick(context: PickContext): Peer | undefined {
    return this.pickBelow(unbounded, context);
  }

  pickBelow(bound: Bound, context: PickContext): Peer | undefined {
    this.#table ??= this.#fill();
    // The hash as a part of its range and not modulo the size, which would take the engine three times as long.
    const slot = ((keyHash(context, this.#random) >>> 0) * this.#slotsPerHash) | 0;
    const owner = this.#peers[this.#table[slot]!]!;
    const peer = hasRoom(owner, bound, context) ? owner : walkOn(this.#table, slot, this.#peers, bound, context);
    if (context.trace !== undefined) explainHash(context, owner, peer);
    return peer;
  }

  #fill(): IndexTable {
    const size = this.#size;
    const permutations = this.#placed.map(({ peer, place }) => ({
      offset: murmur3(place) % size,
      skip: (murmur3(place, skipSeed) % (size - 1)) + 1,
      weight: peer.weight,
    }));
    return maglevTable(permutations, size);
  }
}
