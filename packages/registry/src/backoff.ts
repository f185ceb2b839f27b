/**
 * How long to wait before trying again: full jitter, uniform in [0, min(cap, base · 2ⁿ)).
 *
 * Chance over the whole interval spreads a fleet that lost its registry at one moment most evenly (AWS, "Exponential Backoff And
 * Jitter", 2015).
 */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #attempt = 0;

  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** The next wait, in milliseconds. */
  next(): number {
    const { baseMs, capMs } = this.#options;
    const ceiling = Math.min(capMs, baseMs * 2 ** this.#attempt);
    this.count();
    return this.#random() * ceiling;
  }

  /**
   * The next wait, less what the attempt itself has taken: for one that was work for nobody, as when no connection came about. Waits
   * between connections count from their beginnings in gRPC, too ("GRPC Connection Backoff Protocol").
   */
  nextAfter(tookMs: number): number {
    return Math.max(0, this.next() - tookMs);
  }

  /** One more attempt has failed, for which somebody else says how long to wait. */
  count(): void {
    this.#attempt += 1;
  }

  /** What was tried has worked; begin again from the shortest wait. */
  reset(): void {
    this.#attempt = 0;
  }
}
