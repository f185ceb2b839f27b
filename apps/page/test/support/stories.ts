/** The fleets that there are pictures of. */
import type { Endpoint } from '@lb/core';

import type { Chapter, FleetOptions } from './fleet.ts';

type Change = Partial<Omit<Endpoint, 'id'>>;

/** The picture of the README: 1:2:3. */
export function three(): FleetOptions {
  const endpoints = [provider('small', 1), provider('medium', 2), provider('large', 3)];
  return {
    endpoints,
    perSecond: 120,
    latencyMs: 51,
    story: [
      { atSecond: 60, happens: (fleet) => fleet.afflict('medium', 'dead') },
      { atSecond: 100, happens: (fleet) => fleet.afflict('medium', undefined) },
      { atSecond: 160, happens: (fleet) => fleet.afflict('large', 6) },
      { atSecond: 200, happens: (fleet) => fleet.afflict('large', undefined) },
      { atSecond: 292, happens: (fleet) => fleet.afflict('small', 'dead') },
    ],
  };
}

/** So many in four zones, with everything that can happen to them. */
export function many(count: number): FleetOptions {
  const zones = ['eu-1a', 'eu-1b', 'eu-1c', 'us-2a'];
  const endpoints = Array.from({ length: count }, (_, index) =>
    provider(`web-${String(index + 1).padStart(String(count).length, '0')}`, 1 + (index % 3), {
      zone: zones[index % zones.length],
      origin: `http://10.0.${Math.floor(index / 250)}.${(index % 250) + 1}:8080`,
    }),
  );
  const name = (index: number): string => endpoints[index]?.metadata['name'] ?? '';
  const change =
    (index: number, fields: Change): Chapter['happens'] =>
    (fleet) =>
      fleet.list((listed) => listed.map((one) => (one.id === endpoints[index]?.id ? { ...one, ...fields } : one)));
  const at = Date.now();
  return {
    endpoints,
    perSecond: 6 * count,
    latencyMs: 38,
    story: [
      { atSecond: 50, happens: (fleet) => fleet.afflict(name(17), 'dead') },
      {
        atSecond: 90,
        happens: change(5, { weight: 0.5, overridden: { weight: { registered: 3, by: 'alice', at } } }),
      },
      {
        atSecond: 140,
        happens: change(42, { state: 'draining', overridden: { state: { registered: 'serving', by: 'bob', at } } }),
      },
      { atSecond: 200, happens: (fleet) => fleet.afflict(name(63), 'dead') },
      {
        atSecond: 230,
        happens: (fleet) => fleet.list((listed) => listed.filter(({ id }) => id !== endpoints[71]?.id)),
      },
      {
        atSecond: 296,
        happens: (fleet) =>
          fleet.list((listed) => [...listed, provider('web-new', 2, { zone: 'eu-1a', startedAt: Date.now() - 4000 })]),
      },
    ],
  };
}

/** While etcd is away. */
export function withoutRegistry(): FleetOptions {
  return { ...three(), story: [{ atSecond: 259, happens: (fleet) => fleet.loseRegistry() }] };
}

function provider(name: string, weight: number, fields: Change = {}): Endpoint {
  return {
    id: `${name}-${(name.length * 7919 + weight * 104_729).toString(16)}`,
    origin: `http://127.0.0.1:808${weight}`,
    weight,
    state: 'serving',
    maxConcurrency: 20 * weight,
    startedAt: Date.now() - 3_600_000 * weight,
    metadata: { name, version: '1.4.2' },
    ...fields,
  };
}
