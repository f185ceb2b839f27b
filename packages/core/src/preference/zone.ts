/**
 * Keeps requests in their own zone as far as that zone's peers can carry them, and spills the rest to zones that have room.
 *
 * A zone's peers can carry what is their share of all capacity; what arrives there is the share of the clients that are in it.
 * Where more arrives than can be carried, only the part `capacity / clients` stays, and the rest goes to other zones in
 * proportion to what each has left once its own clients are served. So all peers end up equally loaded, with as little crossing
 * as that allows. Capacity is the sum of weights of peers that are available, so ejections in a zone make it spill.
 *
 * Nothing is preferred while peers are few or all in one zone: with two peers a zone, losing one is losing half.
 *
 * Source: Envoy, "Zone aware routing", which knows where clients are from its own cluster's endpoints. Here `clientShares` says
 * so; without it, clients are taken to be spread evenly over the zones that have peers.
 */
import { InvalidOptionError } from '../errors.ts';
import { checkNumber, checkString } from '../options.ts';
import type { Peer } from '../peer.ts';
import { groupBy, type Preference, shareOut, sumOfWeights } from './preference.ts';

/** Which zone comes first, and when it is left. */
export interface PreferZoneOptions {
  /** This client's zone, in the words of `Endpoint.zone`. */
  readonly zone: string;
  /**
   * What part of all requests comes from each zone, in any unit. When it is wrong, the zone with more clients than stated is
   * overloaded. Defaults to the same from each zone that has peers, of which those without a zone make one.
   */
  readonly clientShares?: Readonly<Record<string, number>> | undefined;
  /** Available peers below which no zone is preferred. Defaults to 6, as in Envoy. */
  readonly minPeers?: number | undefined;
}

/** @throws {InvalidOptionError} */
export function preferZone(options: PreferZoneOptions): Preference {
  const own = checkString('zone', options.zone);
  const minPeers = checkNumber('minPeers', options.minPeers ?? 6, { min: 0 });
  const clientShares = checkShares(options.clientShares);
  return (available) => {
    const groups = groupBy(available, zoneOf);
    if (available.length < minPeers || groups.size < 2 || !groups.has(own)) return available.map(() => 1);
    const zones = [...groups.keys()];
    const capacity = normalize(zones.map((zone) => sumOfWeights(groups.get(zone)!)));
    const clients = normalize(
      clientShares === undefined ? zones.map(() => 1) : zones.map((zone) => clientShares.get(zone ?? '') ?? 0),
    );
    const shares = zoneShares(zones.indexOf(own), capacity, clients);
    const shareOf = new Map(zones.map((zone, index) => [zone, shares[index]!]));
    return shareOut(available, zoneOf, (zone) => shareOf.get(zone)!);
  };
}

/** What part of its requests a client in zone number `own` sends to each zone, given each zone's part of capacity and clients. */
export function zoneShares(own: number, capacity: readonly number[], clients: readonly number[]): number[] {
  const direct = Math.min(1, capacity[own]! / clients[own]!);
  const left = capacity.map((part, zone) => (zone === own ? 0 : Math.max(0, part - clients[zone]!)));
  const allLeft = left.reduce((sum, part) => sum + part, 0);
  return left.map((part, zone) => {
    if (zone === own) return direct;
    return allLeft > 0 ? ((1 - direct) * part) / allLeft : 0;
  });
}

const zoneOf = (peer: Peer): string | undefined => peer.endpoint.zone;

function normalize(parts: readonly number[]): number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => (sum > 0 ? part / sum : 1 / parts.length));
}

function checkShares(shares: Readonly<Record<string, number>> | undefined): ReadonlyMap<string, number> | undefined {
  if (shares === undefined) return undefined;
  if (typeof shares !== 'object' || shares === null)
    throw new InvalidOptionError('clientShares', 'an object of numbers', shares);
  return new Map(
    Object.entries(shares).map(([zone, share]) => [
      zone,
      checkNumber(`clientShares.${zone}`, share, { min: 0, max: Number.MAX_VALUE }),
    ]),
  );
}
