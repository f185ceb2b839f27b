/**
 * One peer after the other. O(1); O(n) when the peers change.
 *
 * The place in the rotation is kept by peer, not by index: a list that is rewritten every few seconds must not start from the
 * front each time, or the first peer gets everything (nginx-upsync-module issue 126). A client starts somewhere by chance, so
 * that a fleet started at once does not march in step.
 *
 * Loses when machines differ, and when requests do.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { explain, noneOpen } from './explain.ts';

export class RoundRobin implements Picker {
  readonly #peers: readonly Peer[];
  #next: number;

  constructor(peers: readonly Peer[], random: Random, previous?: Picker) {
    this.#peers = peers;
    const kept = previous instanceof RoundRobin ? previous.#placeIn(peers) : undefined;
    this.#next = kept ?? Math.floor(random() * peers.length);
  }

  pick(context: PickContext): Peer | undefined {
    const size = this.#peers.length;
    for (let tried = 0; tried < size; tried += 1) {
      const peer = this.#peers[this.#next]!;
      this.#next = this.#next + 1 === size ? 0 : this.#next + 1;
      if (!isOpen(peer, context)) continue;
      if (context.trace !== undefined) explain(context, 'next in turn', peer);
      return peer;
    }
    explain(context, noneOpen, undefined);
    return undefined;
  }

  /** Where the rotation goes on among `peers`: at the first peer from here on that is still there. */
  #placeIn(peers: readonly Peer[]): number | undefined {
    // Nearly always the very next is still there; an index of all peers is built only when it is not.
    const next = peers.indexOf(this.#peers[this.#next]!);
    if (next >= 0) return next;
    const indexOf = new Map(peers.map((peer, index) => [peer, index]));
    for (let ahead = 1; ahead < this.#peers.length; ahead += 1) {
      const index = indexOf.get(this.#peers[(this.#next + ahead) % this.#peers.length]!);
      if (index !== undefined) return index;
    }
    return undefined;
  }
}
