/**
 * Each client takes its own slice of a ring on which the endpoints lie side by side, so that all clients together cover every
 * endpoint equally, by construction and not by chance. O(n log n).
 *
 * Endpoints divide the unit ring into n equal arcs, clients into equal parts. A slice starts at the client's own part and is as
 * many parts wide as it takes to hold `size` endpoints. An endpoint at the edge of a slice is used with only the part of its
 * weight that lies inside, which is what makes the sums equal. As all slices are the same whole number of parts wide, every point
 * of the ring lies under equally many.
 *
 * Clients must know their number and how many they are, and agree on the endpoints, or the slices do not fit together; and with
 * few, bursty clients a burst falls on few endpoints. Where that cannot be had, {@link randomSubset}.
 *
 * Source: twitter/finagle, `aperture/{DeterministicAperture,Ring}.scala`, whose smallest aperture of 12 makes an aperture
 * without any healthy endpoint improbable. Here the order on the ring is that of a hash, so that ids given out in order of
 * deployment do not put one client's endpoints all on one machine.
 */
import { checkNumber } from '../options.ts';
import { hashOrder, type Subset } from './subset.ts';

/** Which client this is, of how many. */
export interface DeterministicApertureOptions {
  /** This client's number, from 0 to `clients` − 1. */
  readonly client: number;
  /** How many clients there are. */
  readonly clients: number;
  /** Endpoints to use at least, where there are as many. Defaults to 12. */
  readonly size?: number | undefined;
}

/** @throws {InvalidOptionError} */
export function deterministicAperture(options: DeterministicApertureOptions): Subset {
  const clients = checkNumber('clients', options.clients, { min: 1, integer: true });
  const client = checkNumber('client', options.client, { min: 0, max: clients - 1, integer: true });
  const size = checkNumber('size', options.size ?? 12, { min: 1, integer: true });
  return (ids) => {
    const ring = hashOrder(ids, 0);
    const count = ring.length;
    const shares = new Map<string, number>();
    if (count === 0) return shares;
    const width = apertureWidth(clients, count, size);
    const start = (client / clients) * count;
    const end = start + width * count;
    // Positions are in arcs, so arc i is [i, i + 1); a slice past the end of the ring goes on at its start.
    for (let arc = Math.floor(start); arc < end; arc += 1) {
      const part = Math.min(end, arc + 1) - Math.max(start, arc);
      const id = ring[arc % count]!;
      // A slice all around the ring meets the arc that it started in again, from the other side.
      if (part > rounding) shares.set(id, (shares.get(id) ?? 0) + part);
    }
    return shares;
  };
}

/** Width of a slice as a part of the ring: the fewest whole client parts that hold `size` of `endpoints`, at most the ring. */
export function apertureWidth(clients: number, endpoints: number, size: number): number {
  const parts = Math.ceil((Math.min(size, endpoints) / endpoints) * clients - rounding);
  return Math.min(1, parts / clients);
}

/** A sliver that only floating-point error makes is no endpoint to connect to. */
const rounding = 1e-9;
