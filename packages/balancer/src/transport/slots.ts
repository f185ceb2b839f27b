import type { Limiter, Outcome } from '@lb/core';

/**
 * Keeps a peer's attempts within the connections that it may have, so that none of them waits inside undici: a request that queues
 * there is covered by none of its time-outs, and goes down with the peer that it was queued for.
 */
export class SlotLimiter implements Limiter {
  /** Attempts that the connections to the peer can carry at once. Set anew when the peer turns out to speak HTTP/2. */
  slots: number;
  readonly #found: Limiter | undefined;

  /** `found` is a limiter that finds out what the peer can bear. */
  constructor(slots: number, found: Limiter | undefined) {
    this.slots = slots;
    this.#found = found;
  }

  get limit(): number {
    return this.#found === undefined ? this.slots : Math.min(this.slots, this.#found.limit);
  }

  end(outcome: Outcome, inFlight: number, startedAt: number, now: number): void {
    this.#found?.end(outcome, inFlight, startedAt, now);
  }
}
