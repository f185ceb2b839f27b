/**
 * The rule of the 2018 race's champion (team Blink`, RapidsBlink/service-mesh-agent), from its README and review document:
 * for each provider the sum of the last 64 reply times, the least of which is picked; whoever holds fewer than eight requests
 * costs nothing, which keeps its times fresh; whoever holds as many as its cap (140, 200 and 200) is not picked; ties go to the
 * largest.
 */
import { InFlight, type Load, type Outcome, type Peer, type PickContext, type Picker, isOpen } from '@lb/core';

import type { Contender } from '../contender.ts';

/** The caps that the team measured for the race's three machines, small to large; other clusters have what they register. */
const raceCaps: Readonly<Record<string, number>> = { small: 140, medium: 200, large: 200 };

const windowSize = 64;
const freeBelow = 8;

export const champion2018: Contender = {
  name: 'champion2018',
  createPolicy: () => ({
    name: 'champion2018',
    createLoad: () => new RecentReplies(),
    createPicker: (peers) => new LeastRecentReplies(peers),
  }),
  pool: { ejection: false, slowStart: false },
  endpoint: (endpoint) => ({ ...endpoint, maxConcurrency: raceCaps[endpoint.id] ?? endpoint.maxConcurrency }),
};

class RecentReplies extends InFlight implements Load {
  readonly #times = new Float64Array(windowSize);
  #next = 0;
  #sum = 0;

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    super.end(elapsedMs, outcome, now);
    this.#sum += elapsedMs - (this.#times[this.#next] ?? 0);
    this.#times[this.#next] = elapsedMs;
    this.#next = (this.#next + 1) % windowSize;
  }

  override cost(): number {
    return this.inFlight < freeBelow ? 0 : this.#sum;
  }
}

class LeastRecentReplies implements Picker {
  readonly #peers: readonly Peer[];

  constructor(peers: readonly Peer[]) {
    this.#peers = peers.toSorted((a, b) => b.weight - a.weight);
  }

  pick(context: PickContext): Peer | undefined {
    let best: Peer | undefined;
    let least = Infinity;
    for (const peer of this.#peers) {
      if (!isOpen(peer, context)) continue;
      const cost = peer.load.cost(context.now, peer.weight);
      if (cost >= least) continue;
      best = peer;
      least = cost;
    }
    return best;
  }
}
