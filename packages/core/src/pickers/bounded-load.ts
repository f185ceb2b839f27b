/**
 * Keeps a hash from overloading anyone: a peer that holds its share of what is in flight, and a little more, is passed over.
 *
 * With m in flight and one to come, peer i may hold ⌈(1 + ε) · (m + 1) · wᵢ / Σw⌉; a key whose owner is at that goes to the next
 * in the key's own order, and back as soon as there is room. For ε of 0.25, no peer ever has more than a quarter above its share,
 * and popular keys are served by as many peers as it takes. O(1) on top of the hash; its walk is 1/ε steps at most, on average.
 *
 * The sum of all caps is above m, so there always is room somewhere; only when whoever has it is full or excluded is the cap ignored.
 *
 * Loses when loads are small numbers: with three requests in flight over ten peers the cap is one, and keys wander.
 *
 * Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018.
 */
import { InFlight } from '../load/in-flight.ts';
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import type { Peer } from '../peer.ts';
import type { PickContext } from '../policy.ts';
import { type Bound, type HashPicker, unbounded } from './hash-picker.ts';

/** How much more than its part a peer may hold. */
export interface BoundedLoadOptions {
  /**
   * How far a peer may exceed its share of what is in flight: 0.25 for a quarter. Lower is more even, and moves more keys away from
   * their owner. Above 0; from 0.25 to 1 is useful. Defaults to 0.25.
   */
  readonly excess?: number | undefined;
}

export function loadExcess({ excess = 0.25 }: BoundedLoadOptions): number {
  return checkNumber('excess', excess, { above: 0 });
}

/** Keeps rounding from lifting a cap that is a whole number: 1.1 · 10 000 / 100 is 110, not 110.00000000000001. */
const roundingSlack = 1 - 1e-12;

export class BoundedLoad implements HashPicker {
  readonly #inner: HashPicker;
  readonly #total: Total = { inFlight: 0 };
  readonly #boundPerRequest: number;
  /** Written anew by each pick. */
  readonly #bound = { perWeight: Infinity };

  /** The loads of `peers` are {@link CountedTogether}. `excess` is ε. O(n). */
  constructor(inner: HashPicker, peers: readonly Peer[], excess: number) {
    this.#inner = inner;
    let weights = 0;
    for (const { load, weight } of peers) {
      weights += weight;
      if (load instanceof CountedTogether) load.joinTotal(this.#total);
    }
    this.#boundPerRequest = ((1 + excess) / weights) * roundingSlack;
  }

  pick(context: PickContext): Peer | undefined {
    return this.pickBelow(unbounded, context);
  }

  pickBelow(bound: Bound, context: PickContext): Peer | undefined {
    this.#bound.perWeight = Math.min(bound.perWeight, this.#boundPerRequest * (this.#total.inFlight + 1));
    return this.#inner.pickBelow(this.#bound, context) ?? this.#inner.pickBelow(bound, context);
  }
}

interface Total {
  inFlight: number;
}

/** Counts what is in flight on its peer, and with it what is in flight on all peers of the picker that it last joined. */
export class CountedTogether extends InFlight {
  #total: Total = { inFlight: 0 };

  /** Counts toward `total` from now on. A peer that left goes on counting toward the total of when it was there. */
  joinTotal(total: Total): void {
    this.#total = total;
    total.inFlight += this.inFlight;
  }

  override begin(now: number): void {
    super.begin(now);
    this.#total.inFlight += 1;
  }

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    // An attempt ended twice must not lower the total either.
    if (this.inFlight > 0) this.#total.inFlight -= 1;
    super.end(elapsedMs, outcome, now);
  }
}
