/**
 * Any peer, each as likely as the next: the answer that the race's chapter begins with. O(1).
 *
 * Loses when machines differ: over capacities 1:2:3 the small one gets a third of the load with a sixth of the capacity, and
 * is full when the whole is half used.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { anyOpen, equalShare } from './any-open.ts';
import { explain } from './explain.ts';

export class UniformRandom implements Picker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;

  constructor(peers: readonly Peer[], random: Random) {
    this.#peers = peers;
    this.#random = random;
  }

  pick(context: PickContext): Peer | undefined {
    const drawn = this.#peers[Math.floor(this.#random() * this.#peers.length)]!;
    const peer = isOpen(drawn, context) ? drawn : anyOpen(this.#peers, context, this.#random, equalShare);
    if (context.trace !== undefined) explain(context, 'drawn', peer);
    return peer;
  }
}
