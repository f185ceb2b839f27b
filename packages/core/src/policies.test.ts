import { expect, it } from 'vitest';

import { policies } from './policies.ts';

const source = { probe: () => {} };

it.each<{ option: string; create: () => unknown }>([
  { option: 'decayMs', create: () => policies.p2cLatency({ decayMs: 0 }) },
  { option: 'decayMs', create: () => policies.p2cPeakEwma({ decayMs: 0 }) },
  { option: 'failureCost', create: () => policies.p2cPeakEwma({ failureCost: -1 }) },
  { option: 'decayMs', create: () => policies.finaglePeakEwma({ decayMs: NaN }) },
  { option: 'blackoutMs', create: () => policies.orcaWeightedRoundRobin({ blackoutMs: -1 }) },
  { option: 'expiryMs', create: () => policies.orcaWeightedRoundRobin({ expiryMs: 0 }) },
  { option: 'errorPenalty', create: () => policies.orcaWeightedRoundRobin({ errorPenalty: NaN }) },
  { option: 'updateMs', create: () => policies.orcaWeightedRoundRobin({ updateMs: -1 }) },
  { option: 'tableSize', create: () => policies.maglev({ tableSize: 65_536 }) },
  { option: 'tableSize', create: () => policies.maglev({ tableSize: 1 }) },
  { option: 'tableSize', create: () => policies.maglev({ tableSize: 7.5 }) },
  // @ts-expect-error there is no such ring
  { option: 'as', create: () => policies.ketama({ as: 'memcached' }) },
  { option: 'excess', create: () => policies.boundedLoad(policies.jump(), { excess: 0 }) },
  // @ts-expect-error a source is needed
  { option: 'source', create: () => policies.prequal() },
  // @ts-expect-error a source is needed
  { option: 'source', create: () => policies.prequal({}) },
  { option: 'probesPerPick', create: () => policies.prequal({ source, probesPerPick: 0 }) },
  { option: 'removalsPerPick', create: () => policies.prequal({ source, removalsPerPick: -1 }) },
  { option: 'poolSize', create: () => policies.prequal({ source, poolSize: 1 }) },
  { option: 'maxAgeMs', create: () => policies.prequal({ source, maxAgeMs: 0 }) },
  { option: 'hotQuantile', create: () => policies.prequal({ source, hotQuantile: 1.1 }) },
])('refuses a wrong $option when it is given', ({ option, create }) => {
  expect(create).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }));
});

it('names each policy as it is called', () => {
  const { prequal, boundedLoad, ...others } = policies;
  for (const [name, create] of Object.entries(others)) expect(create().name).toBe(name);
  expect(prequal({ source }).name).toBe('prequal');
  expect(boundedLoad(others.maglev()).name).toBe('boundedLoad(maglev)');
});
