import type { Outcome } from '../outcome.ts';
import type { Load } from '../policy.ts';

/**
 * Counts what is in flight; the cost is that count per unit of weight.
 *
 * The count alone, not the count plus the request to come: pickers here draw candidates in proportion to weight, and a weight
 * that is in the draw must not be in an idle peer's cost as well, or it counts twice (`docs/algorithms.md`, "A weight counts
 * once").
 */
export class InFlight implements Load {
  #inFlight = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  begin(_now: number): void {
    this.#inFlight += 1;
  }

  end(_elapsedMs: number, _outcome: Outcome, _now: number): void {
    // An attempt that is ended twice must not make the peer look emptier than it is.
    if (this.#inFlight > 0) this.#inFlight -= 1;
  }

  cost(_now: number, weight: number): number {
    return this.#inFlight / weight;
  }
}
