/**
 * As `PowerOfTwoChoices`, but compares the two with a third. O(1) a pick, O(n) an update.
 *
 * Among queues that all can see, the second choice is what counts, and a third is worth a little. It is worth more to a client that knows
 * its own requests only, or has weights that are wrong: of 3:2:1 where 1:2:3 is right, the peer that should have half of all requests is
 * in 42 % of the pairs, and so can have no more (`docs/evidence.md`).
 *
 * The third is drawn by weight from all, so it may be one of the two again, and is in two of three picks among three equal peers. While the
 * two are idle that stands: weights are all that tells peers apart then. Once one of them is busy, another peer is looked for instead. One
 * that would come up so for want of others, though its weight is small, comes up seldom: as often as the square of its weight over half
 * of the mean. A canary of a hundredth of the weight would otherwise be compared in every pick of a pool of three.
 */
import { meanWeight, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import type { DistinctPairs } from './distinct-pairs.ts';
import { explain } from './explain.ts';
import type { PeerRanks } from './peer-ranks.ts';
import { PowerOfTwoChoices } from './power-of-two-choices.ts';

/** Among more, less of what a pick reads is in the nearest cache, and three looks cost more than ten times a bare random index. */
const mostPeers = 100;

/** Share of the mean weight from which on a peer may be any pick's third. */
const enoughWeight = 1 / 2;

/** Compares three peers; two where there are no more, or more than 100. Takes over from `previous`, which is not to be used any more. */
export function threeChoices(peers: readonly Peer[], random: Random, previous?: Picker): Picker {
  const two = new PowerOfTwoChoices(peers, random, previous instanceof PowerOfThreeChoices ? previous.two : previous);
  const { pairs } = two;
  return pairs === undefined || peers.length < 3 || peers.length > mostPeers
    ? two
    : new PowerOfThreeChoices(peers, random, two, pairs);
}

export class PowerOfThreeChoices implements Picker {
  /** Picks among the same peers. */
  readonly two: PowerOfTwoChoices;
  readonly #peers: readonly Peer[];
  readonly #ranks: PeerRanks;
  readonly #random: Random;
  readonly #pairs: DistinctPairs;
  /** How often a peer that was looked for is the third. */
  readonly #chances: Float64Array;

  /** `pairs` are those of `two`. */
  constructor(peers: readonly Peer[], random: Random, two: PowerOfTwoChoices, pairs: DistinctPairs) {
    this.two = two;
    this.#peers = peers;
    this.#ranks = two.ranks;
    this.#random = random;
    this.#pairs = pairs;
    const enough = enoughWeight * meanWeight(peers);
    this.#chances = Float64Array.from(peers, ({ weight }) => Math.min(1, (weight / enough) ** 2));
  }

  pick(context: PickContext): Peer | undefined {
    const pairs = this.#pairs;
    const random = this.#random;
    const first = pairs.first(random);
    const second = pairs.second(random, first);
    const drawn = pairs.any(random);
    const third = drawn === first || drawn === second ? this.#instead(first, second) : drawn;
    const ranks = this.#ranks;
    const { now, exclude } = context;
    let cheapest = first;
    let least = Infinity;
    // One call for all, and no branch on which is cheaper, as in `PowerOfTwoChoices`. On a tie the first stands here, too.
    for (let index = first, turn = 0; turn < 3; index = turn === 0 ? second : third, turn += 1) {
      // Then two that are open are enough, and are looked for.
      if (!ranks.hasRoom(index) || exclude?.has(this.#peers[index]!) === true) return this.two.pick(context);
      const rank = ranks.rank(index, now);
      cheapest ^= (cheapest ^ index) & -Number(rank < least);
      least = Math.min(least, rank);
    }
    if (context.trace !== undefined) this.#explain(context, cheapest, new Set([first, second, third]));
    return this.#peers[cheapest];
  }

  /** The third where one of the two was drawn again: another while one of them is busy, if that is of enough weight. */
  #instead(first: number, second: number): number {
    const ranks = this.#ranks;
    if (!ranks.isBusy(first) && !ranks.isBusy(second)) return first;
    const third = this.#pairs.third(this.#random, first, second);
    const chance = this.#chances[third]!;
    return chance === 1 || this.#random() < chance ? third : first;
  }

  #explain(context: PickContext, cheapest: number, drawn: Set<number>): void {
    drawn.delete(cheapest);
    const others = Array.from(drawn, (index) => this.#peers[index]!);
    explain(context, others.length > 1 ? 'cheapest of three' : 'cheaper of two', this.#peers[cheapest], others);
  }
}
