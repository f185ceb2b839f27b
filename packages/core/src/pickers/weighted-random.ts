/**
 * Any peer, each as likely as its weight says. O(1) by alias table, O(n) to build.
 *
 * Many clients never fall into step with each other, as they can in a rotation. Loses where evenness counts: by chance alone one
 * peer gets several requests in a row, and under load these wait for each other. Like every static weight it is only as right as
 * the weight.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { AliasTable } from './alias-table.ts';
import { anyOpen, weightShare } from './any-open.ts';
import { explain } from './explain.ts';

export class WeightedRandom implements Picker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #table: AliasTable;

  constructor(peers: readonly Peer[], random: Random) {
    this.#peers = peers;
    this.#random = random;
    this.#table = new AliasTable(peers.map(weightShare));
  }

  pick(context: PickContext): Peer | undefined {
    const drawn = this.#peers[this.#table.draw(this.#random)]!;
    const peer = isOpen(drawn, context) ? drawn : anyOpen(this.#peers, context, this.#random, weightShare);
    if (context.trace !== undefined) explain(context, 'drawn by weight', peer);
    return peer;
  }
}
