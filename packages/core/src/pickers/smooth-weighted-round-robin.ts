/**
 * A rotation in which each peer comes up in proportion to its weight, and never several times in a row when others are due:
 * weights 5:1:1 give `a a b a c a a`, not `a a a a a b c`. O(n) a pick, so for tens of peers, not thousands.
 *
 * Each pick every peer's credit grows by its weight; the richest is picked and pays the sum of all weights. Credits therefore
 * always sum to 0, and after as many picks as the weights sum to (reduced by their common divisor) each peer had its exact share.
 * Source: nginx, commit 52327e0627f49dbda1e8db695e63a4b0af4448b1.
 *
 * Loses when weights are wrong or a machine slows down: it goes on sending each peer its share.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { explain, noneOpen } from './explain.ts';

export class SmoothWeightedRoundRobin implements Picker {
  readonly #peers: readonly Peer[];
  readonly #credits: Float64Array;

  constructor(peers: readonly Peer[], random: Random, previous?: Picker) {
    this.#peers = peers;
    this.#credits = new Float64Array(peers.length);
    const kept = previous instanceof SmoothWeightedRoundRobin ? previous.#creditByPeer() : undefined;

    let sum = 0;
    for (const [index, peer] of peers.entries()) {
      // A newcomer starts a random part of a turn away, so that many clients do not all greet it at once.
      const credit = kept?.get(peer) ?? (random() - 0.5) * peer.weight;
      this.#credits[index] = credit;
      sum += credit;
    }
    // Whoever left took its credit along. The rest share the difference, so that the sum is 0 again.
    for (let index = 0; index < peers.length; index += 1) this.#credits[index]! -= sum / peers.length;
  }

  pick(context: PickContext): Peer | undefined {
    let total = 0;
    let richest = -1;
    for (let index = 0; index < this.#peers.length; index += 1) {
      const peer = this.#peers[index]!;
      if (!isOpen(peer, context)) continue;
      total += peer.weight;
      this.#credits[index]! += peer.weight;
      if (richest < 0 || this.#credits[index]! > this.#credits[richest]!) richest = index;
    }
    if (richest < 0) {
      explain(context, noneOpen, undefined);
      return undefined;
    }
    this.#credits[richest]! -= total;
    const peer = this.#peers[richest]!;
    if (context.trace !== undefined) explain(context, 'next in turn', peer);
    return peer;
  }

  #creditByPeer(): Map<Peer, number> {
    return new Map(this.#peers.map((peer, index) => [peer, this.#credits[index] ?? 0]));
  }
}
