import { type Discovery, type Endpoint, InvalidOptionError, type Snapshot } from '@lb/core';

/** Where endpoints come from: a registry, anything else that yields snapshots, or a list of addresses or endpoints. */
export type DiscoverySource = Discovery | readonly (string | Endpoint)[];

export function isList(source: DiscoverySource): source is readonly (string | Endpoint)[] {
  return Array.isArray(source);
}

/** Closes a discovery that has something to close: what was handed over is followed by nobody else. */
export async function closeDiscovery(source: DiscoverySource): Promise<void> {
  if ('close' in source && typeof source.close === 'function') await source.close();
}

/** A list is one snapshot that never changes; an address alone is an endpoint that is its own id. @throws {InvalidOptionError} */
export function snapshotOf(list: readonly (string | Endpoint)[]): Snapshot {
  return { revision: 0, endpoints: list.map(toEndpoint) };
}

function toEndpoint(given: string | Endpoint): Endpoint {
  if (typeof given !== 'string') return given;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidOptionError('discovery', 'addresses such as http://10.0.0.5:8080', given);
  }
  return { id: given, origin: url.origin, state: 'serving', metadata: {} };
}
