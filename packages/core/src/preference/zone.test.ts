import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { InFlight } from '../load/in-flight.ts';
import { Peer } from '../peer.ts';
import { endpoint } from '../testing.ts';
import { preferZone, zoneShares } from './zone.ts';

/** Peers in zones: `{ a: [1, 2], b: [1] }` is two in zone a with weights 1 and 2, and one in b. */
function peersIn(zones: Readonly<Record<string, readonly number[]>>): Peer[] {
  return Object.entries(zones).flatMap(([zone, weights]) =>
    weights.map((weight, index) => new Peer(endpoint(`${zone}${index}`, { zone, weight }), new InFlight())),
  );
}

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

/** What part of the traffic each zone gets under these factors. */
function sharesByZone(peers: readonly Peer[], factors: readonly number[]): Record<string, number> {
  const sums: Record<string, number> = {};
  let all = 0;
  for (const [index, peer] of peers.entries()) {
    const weight = peer.weight * factors[index]!;
    sums[peer.endpoint.zone!] = (sums[peer.endpoint.zone!] ?? 0) + weight;
    all += weight;
  }
  for (const zone of Object.keys(sums)) sums[zone]! /= all;
  return sums;
}

describe('the shares of zones', () => {
  it("are Envoy's: 62.5 % stay where 40 % of clients have 25 % of capacity, the rest goes 2:1 to where there is room", () => {
    const shares = zoneShares(0, [0.25, 0.5, 0.25], [0.4, 0.4, 0.2]);
    expect(shares[0]).toBeCloseTo(0.625, 12);
    expect(shares[1]).toBeCloseTo(0.25, 12);
    expect(shares[2]).toBeCloseTo(0.125, 12);
  });

  it('are half at home where 20 % of clients have 10 % of capacity', () => {
    expect(zoneShares(0, [0.1, 0.9], [0.2, 0.8])[0]).toBe(0.5);
  });

  it('are all at home where there is capacity for it, or where there is none elsewhere', () => {
    expect(zoneShares(0, [0.5, 0.5], [0.2, 0.8])).toEqual([1, 0]);
    expect(zoneShares(1, [0.5, 0.5], [0.5, 0.5])).toEqual([0, 1]);
  });

  it('load every zone alike when every client follows them', () => {
    const parts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.infiniteStream(fc.integer({ min: 0, max: 20 })), (capacities, stream) => {
        const total = capacities.reduce((sum, part) => sum + part, 0);
        const capacity = capacities.map((part) => part / total);
        const counts = capacities.map(() => stream.next().value);
        const allClients = counts.reduce((sum, part) => sum + part, 0);
        fc.pre(allClients > 0);
        const clients = counts.map((part) => part / allClients);

        const arriving = capacity.map(() => 0);
        for (const [own, part] of clients.entries()) {
          if (part === 0) continue;
          const shares = zoneShares(own, capacity, clients);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
          for (const [zone, share] of shares.entries()) arriving[zone]! += part * share;
          // Not more than needs to leaves the zone.
          expect(shares[own]).toBeCloseTo(Math.min(1, capacity[own]! / part), 9);
        }
        for (const [zone, load] of arriving.entries()) expect(load).toBeCloseTo(capacity[zone]!, 9);
      }),
    );
  });
});

describe('a client in zone a', () => {
  const prefer = preferZone({ zone: 'a' });

  it('stays at home while its zone has its part of the capacity, and leaves the others out', () => {
    const peers = peersIn({ a: [1, 1, 1], b: [1, 1, 1] });
    expect(prefer(peers, peers)).toEqual([2, 2, 2, 0, 0, 0]);
  });

  it('spills when its zone loses peers', () => {
    const peers = peersIn({ a: [1, 1], b: [1, 1, 1, 1] });
    // A third of capacity for half of the clients: two thirds stay.
    expect(sharesByZone(peers, prefer(peers, peers))['a']).toBeCloseTo(2 / 3, 12);
  });

  it('counts capacity by weight, and divides a zone by weight', () => {
    const peers = peersIn({ a: [1, 3], b: [1, 1, 1, 1] });
    const factors = prefer(peers, peers);
    expect(factors).toEqual([2, 2, 0, 0, 0, 0]);
  });

  it('takes the word of its operator for where clients are', () => {
    const peers = peersIn({ a: [1, 1, 1], b: [1, 1, 1], c: [1, 1, 1] });
    const factors = preferZone({ zone: 'a', clientShares: { a: 50, b: 25, c: 25 } })(peers, peers);
    const shares = sharesByZone(peers, factors);
    expect(shares['a']).toBeCloseTo(2 / 3, 12);
    expect(shares['b']).toBeCloseTo(1 / 6, 12);
  });

  it.each([
    { why: 'there are fewer than six peers', zones: { a: ones(3), b: ones(2) } },
    { why: 'all are in one zone', zones: { a: ones(8) } },
    { why: 'its own zone has none', zones: { b: ones(4), c: ones(4) } },
  ])('prefers nobody when $why', ({ zones }) => {
    const peers = peersIn(zones);
    expect(prefer(peers, peers)).toEqual(peers.map(() => 1));
  });

  it('keeps the sum of weights as it was', () => {
    const weights = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, weights, weights, (a, b, c) => {
        const peers = peersIn({ a, b, c });
        const before = peers.reduce((sum, peer) => sum + peer.weight, 0);
        const factors = prefer(peers, peers);
        const after = peers.reduce((sum, peer, index) => sum + peer.weight * factors[index]!, 0);
        expect(after / before).toBeCloseTo(1, 9);
      }),
    );
  });
});

it.each([
  { zone: '' },
  { zone: 'a', minPeers: -1 },
  { zone: 'a', clientShares: { a: -1 } },
  { zone: 'a', clientShares: { a: NaN } },
])('refuses %o', (options) => {
  expect(() => preferZone(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
