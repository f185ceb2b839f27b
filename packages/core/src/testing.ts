/** Short ways to make endpoints and peers, for the tests of this package. */
import type { Endpoint } from './endpoint.ts';
import { InFlight } from './load/in-flight.ts';
import { Peer } from './peer.ts';
import type { Load } from './policy.ts';

export function endpoint(id: string, fields: Partial<Endpoint> = {}): Endpoint {
  return { id, origin: `http://${id}.test:80`, state: 'serving', metadata: {}, ...fields };
}

/** Peers named a, b, c … with these weights. */
export function peersOf(...weights: readonly number[]): Peer[] {
  return weights.map(
    (weight, index) => new Peer(endpoint(String.fromCodePoint(97 + index), { weight }), new InFlight()),
  );
}

/** `count` peers named p0, p1 … of equal weight. */
export function manyPeers(count: number, createLoad: () => Load = () => new InFlight()): Peer[] {
  return Array.from({ length: count }, (_, index) => new Peer(endpoint(`p${index}`), createLoad()));
}

/** How often each of `names` comes up in `count` calls of `next`. */
export function tally(count: number, next: () => Peer | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (let call = 0; call < count; call += 1) {
    const id = next()?.id ?? 'none';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
