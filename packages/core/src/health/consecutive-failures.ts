/**
 * Ejects a peer after so many failures in a row, of one side: the fastest detector, and the only one that sees a dead peer
 * within a few requests.
 *
 * Sides are counted apart, as in Envoy's split mode, because they mean different things at different rates. `local` failures
 * never got an answer (no connection, no answer in time, connection broken): three in a row mean that the peer, or the way to it,
 * is gone. A bad answer (`remote`) may be the fault of one request, so five. Any answer ends a run of local failures, since it
 * shows that the way is open; only a good one ends a run of bad ones.
 *
 * Three in a row mean little where everybody fails a third: each peer then has such a run every 50 requests, and half of the pool
 * would always be out, when it can least be spared. So a run must also be longer than chance would make it: with a share f of
 * all attempts failing, fⁿ ≤ 0.001. That leaves three up to f = 10 %, asks for six at 30 % and ten at half, and for ever when all
 * fail; of a pool in which three of four are dead the dead are still found, after 17.
 *
 * Blind to a peer that fails half of what it gets: five in a row then come once in 2⁶ − 2 = 62 requests on average, two thirds
 * failing once in 20. {@link FailureShare} is for those.
 */
import { checkNumber, checkOneOf } from '../options.ts';
import type { FailureReason, Outcome } from '../outcome.ts';
import type { Peer } from '../peer.ts';
import type { Detector, Sensor } from './detector.ts';
import { SuccessWindow } from './success-window.ts';

/** How many failures in a row are too many. */
export interface ConsecutiveFailuresOptions {
  /** Whose failures: those without an answer (`local`), or those answered badly (`remote`). */
  readonly side: 'local' | 'remote';
  /** How many in a row. Defaults to 3 for `local`, 5 for `remote` (5 as in Envoy and Finagle). */
  readonly failures?: number | undefined;
  /**
   * How probable such a run may be by chance, given what else failed on all peers in the last second. Defaults to 0.001; 1 does not
   * ask. Higher ejects sooner when several peers die at once, but also healthy ones when all fail a little.
   */
  readonly chance?: number | undefined;
}

/** @throws {InvalidOptionError} */
export class ConsecutiveFailures implements Detector {
  readonly reason: string;
  readonly #effects: Effects;
  readonly #failures: number;
  readonly #chance: number;
  /** Failures of this side among attempts on all peers. */
  readonly #pool = new SuccessWindow(1000);

  constructor(options: ConsecutiveFailuresOptions) {
    const side = checkOneOf('side', options.side, ['local', 'remote']);
    this.reason = `consecutive-${side}`;
    this.#effects = side === 'local' ? onLocal : onRemote;
    const fallback = side === 'local' ? 3 : 5;
    this.#failures = checkNumber('failures', options.failures ?? fallback, { min: 1, integer: true });
    this.#chance = checkNumber('chance', options.chance ?? 0.001, { min: 0, max: 1 });
  }

  watch(peer: Peer): Sensor {
    let length = 0;
    return {
      record: (outcome: Outcome, _elapsedMs: number, now: number): boolean => {
        if (outcome.kind === 'ignored') return false;
        const effect = outcome.kind === 'success' ? 'ends' : this.#effects[outcome.reason];
        if (effect === 'leaves') return false;
        this.#pool.add(effect === 'ends', now);
        length = effect === 'ends' ? 0 : length + 1;
        if (length < this.#failures) return false;
        // Against a suspect there is a second witness already.
        return peer.suspect || this.#elsewhere(length, now) ** length <= this.#chance;
      },
      reset: () => {
        length = 0;
      },
    };
  }

  /** What part of the attempts failed, but for the run itself. Of twenty at least: those that are missing count as successes. */
  #elsewhere(length: number, now: number): number {
    const failed = Math.max(0, this.#pool.failed(now) - length);
    return failed / Math.max(20, this.#pool.total(now) - length);
  }
}

/** What a failure does to the run of failures before it. */
type Effects = Readonly<Record<FailureReason, 'extends' | 'ends' | 'leaves'>>;

const onLocal: Effects = { connect: 'extends', timeout: 'extends', reset: 'extends', status: 'ends', overload: 'ends' };
const onRemote: Effects = {
  connect: 'leaves',
  timeout: 'leaves',
  reset: 'leaves',
  status: 'extends',
  overload: 'leaves',
};
