/**
 * Draws two different peers in proportion to weight and takes the one that costs less now. O(1).
 *
 * Two choices are enough to bring the longest queue of n from ln n / ln ln n down to ln ln n / ln 2, and unlike the best of all
 * they do not send every client to the same momentarily idle peer (Mitzenmacher, "The Power of Two Choices in Randomized
 * Load Balancing", 1996). The weight is in the draw, so the cost must be one that an idle peer has at any weight: 0.
 *
 * Loses to a scan when peers are few and requests fewer than peers, and where many clients each send so little that their own
 * count says nothing.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { AliasTable } from './alias-table.ts';
import { anyOpen, weightShare } from './any-open.ts';

/**
 * How often a second draw is repeated that hit the first peer or one that is not open. With weights 1:2:3 all eight fail once in
 * 1 800 picks; what follows is one uncompared pick, not an error.
 */
const maxDraws = 8;

export class PowerOfTwoChoices implements Picker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #table: AliasTable;

  constructor(peers: readonly Peer[], random: Random) {
    this.#peers = peers;
    this.#random = random;
    this.#table = new AliasTable(peers.map(weightShare));
  }

  pick(context: PickContext): Peer | undefined {
    const first = this.#draw(context, undefined);
    if (first === undefined) return anyOpen(this.#peers, context, this.#random, weightShare);
    if (this.#peers.length === 1) return first;
    const second = this.#draw(context, first);
    if (second === undefined) return first;
    // On a tie the first stands: it was drawn by weight alone, so an idle pool is shared exactly by weight.
    return second.load.cost(context.now, second.weight) < first.load.cost(context.now, first.weight) ? second : first;
  }

  #draw(context: PickContext, other: Peer | undefined): Peer | undefined {
    for (let draws = 0; draws < maxDraws; draws += 1) {
      const peer = this.#peers[this.#table.draw(this.#random)];
      if (peer !== undefined && peer !== other && isOpen(peer, context)) return peer;
    }
    return undefined;
  }
}
