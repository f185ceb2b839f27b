/**
 * The peer with least in flight for its weight, of all. O(n) a pick, nothing an update.
 *
 * Peers that have the same in flight per unit of weight are drawn by weight, so an idle pool is shared by weight and not by the
 * order of the list, where the first would get everything (nginx breaks these ties by its smooth rotation; Envoy's FULL_SCAN by
 * reservoir sampling, as here).
 *
 * Loses to `p2c` with many clients: all of them see the same idle peer and rush to it. A new peer gets every request until it
 * holds as many as the rest; and whoever fails fast is always least loaded, so it needs ejection beside it.
 */
import type { Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { cheapestOpen } from './cheapest-open.ts';
import { explain } from './explain.ts';

export class LeastLoaded implements Picker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;

  constructor(peers: readonly Peer[], random: Random) {
    this.#peers = peers;
    this.#random = random;
  }

  pick(context: PickContext): Peer | undefined {
    const peer = cheapestOpen(this.#peers, context, this.#random);
    if (context.trace !== undefined) {
      explain(
        context,
        'cheapest of all',
        peer,
        this.#peers.filter((other) => other !== peer),
      );
    }
    return peer;
  }
}
