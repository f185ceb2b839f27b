/**
 * What perfect knowledge would do: no client can be this one, so it bounds the others.
 *
 * `oracle` still decides at once and for good, but sees what every server holds from all clients, its slots and its speed, and takes
 * the one at which the request would be done first. `centralQueue` need not even decide (see `engine/central-queue.ts`).
 */
import { InFlight, isOpen, type Peer, type PickContext, type Picker, policies, type Random } from '@lb/core';

import type { Contender, ServerTruth, World } from '../contender.ts';

/** Without what a pool does on its own: with full knowledge there is nothing to eject or to warm up. */
const bare = { ejection: false, slowStart: false } as const;

export const oracle: Contender = {
  name: 'oracle',
  createPolicy: (world) => ({
    name: 'oracle',
    createLoad: () => new InFlight(),
    createPicker: (peers, random) => new FullKnowledge(peers, random, world),
  }),
  pool: bare,
  endpoint: (endpoint) => ({ ...endpoint, maxConcurrency: undefined, weight: 1, state: 'serving' }),
};

export const centralQueue: Contender = {
  name: 'centralQueue',
  createPolicy: () => policies.random(),
  pool: bare,
  central: true,
};

class FullKnowledge implements Picker {
  readonly #peers: readonly Peer[];
  readonly #truths: readonly ServerTruth[];
  readonly #random: Random;

  constructor(peers: readonly Peer[], random: Random, world: World) {
    this.#peers = peers;
    this.#truths = peers.map((peer) => world.truth(peer));
    this.#random = random;
  }

  /** O(n). Nobody, rather than one who would refuse: the request waits for a slot. */
  pick(context: PickContext): Peer | undefined {
    let best: Peer | undefined;
    let least = Infinity;
    let leastUse = Infinity;
    let tied = 0;
    for (const [index, truth] of this.#truths.entries()) {
      const peer = this.#peers[index];
      if (peer === undefined || !isOpen(peer, context)) continue;
      const time = truth.expectedMs(context.now);
      if (time === Infinity) continue;
      const use = (truth.assigned + 1) / truth.slots;
      if (time > least || (time === least && use > leastUse)) continue;
      tied = time === least && use === leastUse ? tied + 1 : 1;
      if (tied > 1 && this.#random() * tied >= 1) continue;
      best = peer;
      least = time;
      leastUse = use;
    }
    return best;
  }
}
