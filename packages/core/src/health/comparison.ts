import { checkNumber } from '../options.ts';

/** How much has to be known before peers are held against each other. */
export interface ComparisonOptions {
  readonly minRequests?: number | undefined;
  readonly minPeers?: number | undefined;
  readonly windowMs?: number | undefined;
}

/** The part that detectors share which compare peers: over what time, and which of them have been asked often enough. */
export class Comparison {
  readonly windowMs: number;
  readonly sweepMs: number;
  readonly #minRequests: number;
  readonly #minPeers: number;

  /** @throws {InvalidOptionError} */
  constructor({ minRequests = 100, minPeers = 3, windowMs = 10_000 }: ComparisonOptions) {
    this.#minRequests = checkNumber('minRequests', minRequests, { min: 1 });
    this.#minPeers = checkNumber('minPeers', minPeers, { min: 2 });
    this.windowMs = checkNumber('windowMs', windowMs, { above: 0, max: Number.MAX_VALUE });
    this.sweepMs = this.windowMs / 10;
  }

  /** Those of `sensors` that have enough requests; none while they are too few to have a middle. */
  judged<S>(sensors: readonly S[], requestsOf: (sensor: S) => number): S[] {
    const judged = sensors.filter((sensor) => requestsOf(sensor) >= this.#minRequests);
    return judged.length < this.#minPeers ? [] : judged;
  }
}
