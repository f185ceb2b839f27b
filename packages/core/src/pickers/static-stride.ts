/**
 * A rotation by weight for any number of peers: nearly as even as smooth weighted round robin, at a cost that does not grow with
 * them. O(1) a pick (see {@link StrideSchedule}), O(n) an update.
 *
 * Weights above ten times the mean are cut to that, those below a hundredth raised to it; this bounds the cost of a pick. Where such
 * weights matter, draw by weight (`weightedRandom`) instead. A rotation takes over its place when peers change, so no
 * update sends a burst to whoever comes first.
 *
 * Loses like every rotation when weights are wrong or a machine slows down: it goes on sending each peer its share.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { anyOpen, weightShare } from './any-open.ts';
import { explain } from './explain.ts';
import { StrideSchedule } from './stride-schedule.ts';

/** Turns that may fall to closed peers before one is drawn among the open. */
const maxTurns = 8;

export class StaticStride implements Picker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #schedule: StrideSchedule;

  constructor(peers: readonly Peer[], random: Random, previous?: Picker) {
    this.#peers = peers;
    this.#random = random;
    const place = previous instanceof StaticStride ? previous.#schedule : undefined;
    this.#schedule = new StrideSchedule(peers.map(weightShare), random, place);
  }

  pick(context: PickContext): Peer | undefined {
    return pickInTurn(this.#schedule, this.#peers, this.#random, context);
  }
}

/** The open peer whose turn it is; any open one by weight where nearly all are closed. */
export function pickInTurn(
  schedule: StrideSchedule,
  peers: readonly Peer[],
  random: Random,
  context: PickContext,
): Peer | undefined {
  for (let turns = 0; turns < maxTurns; turns += 1) {
    const peer = peers[schedule.next()]!;
    if (!isOpen(peer, context)) continue;
    if (context.trace !== undefined) explain(context, 'next in turn', peer);
    return peer;
  }
  const peer = anyOpen(peers, context, random, weightShare);
  explain(context, 'any open', peer);
  return peer;
}
