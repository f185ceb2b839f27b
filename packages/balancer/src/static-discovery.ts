import type { Discovery, Endpoint, Snapshot } from '@lb/core';

/** What stands in for a registry: addresses, endpoints, or anything that yields snapshots. */
export type DiscoverySource = Discovery | readonly (string | Endpoint)[];

/** A list that never changes becomes one snapshot; an address alone becomes an endpoint that is its own id. */
export function toDiscovery(source: DiscoverySource): Discovery {
  return isDiscovery(source) ? source : once({ revision: 0, endpoints: source.map(toEndpoint) });
}

function isDiscovery(source: DiscoverySource): source is Discovery {
  return Symbol.asyncIterator in source;
}

function toEndpoint(given: string | Endpoint): Endpoint {
  return typeof given === 'string'
    ? { id: given, origin: new URL(given).origin, state: 'serving', metadata: {} }
    : given;
}

async function* once(snapshot: Snapshot): AsyncGenerator<Snapshot, void> {
  yield await Promise.resolve(snapshot);
}
