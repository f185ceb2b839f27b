/**
 * The `size` endpoints that come first by a hash of id and seed: every client draws its own, and one endpoint more or less
 * changes at most one of them (rendezvous hashing). O(n log n).
 *
 * Clients need to know nothing of each other. The price is chance: with c clients, n servers and k of them each, the clients of a
 * server vary by about √(c·k/n) around c·k/n, so this is for many clients; for few, {@link deterministicAperture}.
 *
 * Source: gRFC A68, `random_subsetting`. Its hash is xxHash64 and its seed a random salt; subsets are private to a client, so
 * nothing is gained by choosing the same bits.
 */
import { checkNumber } from '../options.ts';
import { hashOrder, type Subset } from './subset.ts';

/** How many endpoints to take, and what makes this client take others than the next. */
export interface RandomSubsetOptions {
  /** Endpoints to use. Defaults to 20, as in A68. */
  readonly size?: number | undefined;
  /** A different integer for each client, such as `Math.random() * 2 ** 32`; kept, so that a client keeps its subset. */
  readonly seed: number;
}

/** @throws {InvalidOptionError} */
export function randomSubset(options: RandomSubsetOptions): Subset {
  const size = checkNumber('size', options.size ?? 20, { min: 1, integer: true });
  const seed = checkNumber('seed', options.seed, { min: -(2 ** 53), max: 2 ** 53 });
  return (ids) =>
    new Map(
      hashOrder(ids, seed)
        .slice(0, size)
        .map((id) => [id, 1]),
    );
}
