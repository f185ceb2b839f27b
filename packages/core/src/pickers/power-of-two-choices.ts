/**
 * Draws two different peers in proportion to weight and takes the one that costs less now. O(1) a pick, O(n) an update.
 *
 * Two choices are enough to bring the longest queue of n from ln n / ln ln n down to ln ln n / ln 2, and unlike the best of all
 * they do not send every client to the same momentarily idle peer (Mitzenmacher, "The Power of Two Choices in Randomized
 * Load Balancing", 1996). The weight is in the draw, so it must not be in an idle peer's cost as well: `inFlight / weight`, never
 * `(inFlight + 1) / weight`, which would count it twice.
 *
 * Loses to a scan when requests are fewer than peers, and where many clients each send so little that their own count says
 * nothing. Drawing without putting back bends the shares of small pools that are busy toward equal: of two peers, both are always
 * compared, whatever their weights.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { weightShare } from './any-open.ts';
import { cheapestOpen } from './cheapest-open.ts';
import { type DistinctPairs, distinctPairs } from './distinct-pairs.ts';
import { explain } from './explain.ts';
import { ranksOf, type PeerRanks } from './peer-ranks.ts';

/** Pairs drawn in search of two open peers. Where nine of ten peers are closed, sixteen draws find none one time in five. */
const maxPairs = 8;

export class PowerOfTwoChoices implements Picker {
  /** By what the peers are compared, by their indexes. */
  readonly ranks: PeerRanks;
  /** What candidates are drawn from; `undefined` for one peer. */
  readonly pairs: DistinctPairs | undefined;
  readonly #peers: readonly Peer[];
  readonly #random: Random;

  /** Takes over what the peers are compared by from `previous`, which is not to be used any more. */
  constructor(peers: readonly Peer[], random: Random, previous?: Picker) {
    this.#peers = peers;
    this.ranks = ranksOf(peers);
    this.#random = random;
    this.pairs = peers.length > 1 ? distinctPairs(peers.map(weightShare)) : undefined;
    if (previous instanceof PowerOfTwoChoices) previous.ranks.release();
  }

  pick(context: PickContext): Peer | undefined {
    const pairs = this.pairs;
    if (pairs === undefined) return this.#scan(context);
    const random = this.#random;
    const first = pairs.first(random);
    const second = pairs.second(random, first);
    const ranks = this.ranks;
    let firstRank = 0;
    let secondRank = 0;
    // One call for both, so that it is compiled into this loop: a call of its own allocates the number it returns.
    for (let index = first, turn = 0; turn < 2; index = second, turn += 1) {
      // As `isOpen`, but without a look at the peer, which would be a cache miss.
      if (!ranks.hasRoom(index) || context.exclude?.has(this.#peers[index]!) === true) {
        return this.#pickAmongClosed(pairs, context);
      }
      firstRank = secondRank;
      secondRank = ranks.rank(index, context.now);
    }
    // Which of two is cheaper is a coin toss to the processor, and a branch that it guesses wrong holds up all that comes after until
    // both costs have come from memory: of ten thousand peers, 47 ns became 36. On a tie the first stands: it was drawn by weight
    // alone, so an idle pool is shared exactly by weight.
    if (context.trace !== undefined) return this.#cheaper(first, second, context);
    return this.#peers[first ^ ((first ^ second) & -Number(secondRank < firstRank))];
  }

  /** The cheaper of the first two open peers that come up in some more draws. */
  #pickAmongClosed(pairs: DistinctPairs, context: PickContext): Peer | undefined {
    let open: number | undefined;
    for (let drawn = 0; drawn < maxPairs; drawn += 1) {
      const first = pairs.first(this.#random);
      for (const index of [first, pairs.second(this.#random, first)]) {
        if (index === open || !isOpen(this.#peers[index]!, context)) continue;
        if (open !== undefined) return this.#cheaper(open, index, context);
        open = index;
      }
    }
    if (open === undefined) return this.#scan(context);
    const peer = this.#peers[open]!;
    explain(context, 'only one drawn is open', peer);
    return peer;
  }

  #cheaper(first: number, second: number, context: PickContext): Peer | undefined {
    const takesSecond = this.ranks.rank(second, context.now) < this.ranks.rank(first, context.now);
    const [cheaper, other] = takesSecond ? [second, first] : [first, second];
    explain(context, 'cheaper of two', this.#peers[cheaper], [this.#peers[other]!]);
    return this.#peers[cheaper];
  }

  #scan(context: PickContext): Peer | undefined {
    const peer = cheapestOpen(this.#peers, context, this.#random);
    explain(context, 'cheapest of all', peer);
    return peer;
  }
}
