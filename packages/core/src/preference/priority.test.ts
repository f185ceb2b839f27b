import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { InFlight } from '../load/in-flight.ts';
import { Peer } from '../peer.ts';
import { endpoint } from '../testing.ts';
import { priorities, priorityLoads } from './priority.ts';
import { preferZone } from './zone.ts';

describe('the loads of levels', () => {
  // The tables of Envoy's page on priority levels: health of each level, then traffic to it, in whole percents.
  it.each([
    { health: [100, 100], expected: [100, 0] },
    { health: [72, 100], expected: [100, 0] },
    { health: [71, 100], expected: [99, 1] },
    { health: [50, 100], expected: [70, 30] },
    { health: [25, 100], expected: [35, 65] },
    { health: [0, 100], expected: [0, 100] },
    { health: [25, 25], expected: [50, 50] },
    { health: [50, 50, 100], expected: [70, 30, 0] },
    { health: [25, 25, 100], expected: [35, 35, 30] },
    { health: [25, 25, 20], expected: [36, 36, 28] },
  ])('are $expected % where $health % are healthy', ({ health, expected }) => {
    const loads = priorityLoads(health.map((percent) => percent / 100));
    // Envoy rounds down and gives what is left to the first level.
    for (const [level, load] of loads.entries()) expect(Math.abs(load * 100 - expected[level]!)).toBeLessThan(1);
  });

  it("are 16/28/14 and 28/14/0 for Envoy's healthy 10/20/10 and then degraded 20/10/0, rounded as it rounds", () => {
    const loads = priorityLoads([0.1, 0.2, 0.1, 0.2, 0.1, 0]);
    const percents = loads.map((load) => Math.floor(load * 100 + 1e-9));
    percents[0]! += 100 - percents.reduce((sum, percent) => sum + percent, 0);
    expect(percents).toEqual([16, 28, 14, 28, 14, 0]);
  });

  it('add up to everything while anybody is healthy, and skip no level that has room', () => {
    const health = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(health, fc.double({ min: 1, max: 3, noNaN: true }), (parts, overprovision) => {
        const loads = priorityLoads(parts, overprovision);
        const sum = loads.reduce((total, load) => total + load, 0);
        expect(sum).toBeCloseTo(parts.some((part) => part > 0) ? 1 : 0, 9);
        const strength = parts.reduce((total, part) => total + Math.min(1, part * overprovision), 0);
        for (const [level, load] of loads.entries()) {
          const before = loads.slice(0, level).reduce((total, part) => total + part, 0);
          const wanted = Math.min(1, parts[level]! * overprovision) / Math.min(1, strength || 1);
          expect(load).toBeCloseTo(Math.max(0, Math.min(1 - before, wanted)), 9);
        }
      }),
    );
  });
});

describe('a pool with a level in reserve', () => {
  const levelOf = ({ metadata }: { metadata: Readonly<Record<string, string>> }) => Number(metadata['level']);
  const peer = (id: string, level: number, zone = 'a') =>
    new Peer(endpoint(id, { zone, metadata: { level: String(level) } }), new InFlight());
  const serving = ['a', 'b', 'c', 'd'].map((id) => peer(id, 0)).concat(['e', 'f'].map((id) => peer(id, 1)));

  it('leaves the reserve out while the first level is whole', () => {
    expect(priorities({ levelOf })(serving, serving)).toEqual([1.5, 1.5, 1.5, 1.5, 0, 0]);
  });

  it('sends it what the first level can no longer carry', () => {
    const available = serving.filter(({ id }) => id !== 'a' && id !== 'b');
    const factors = priorities({ levelOf })(available, serving);
    const all = factors.reduce((sum, factor) => sum + factor, 0);
    // Half of the first level is left: 50 % × 1.4 = 70 %.
    expect((factors[0]! + factors[1]!) / all).toBeCloseTo(0.7, 12);
    expect((factors[2]! + factors[3]!) / all).toBeCloseTo(0.3, 12);
  });

  it('sends it everything when the first level is gone', () => {
    const available = serving.filter(({ id }) => id === 'e' || id === 'f');
    expect(priorities({ levelOf })(available, serving)).toEqual([1, 1]);
  });

  it('prefers zones inside a level', () => {
    const zoned = [peer('a', 0, 'x'), peer('b', 0, 'y'), peer('c', 1, 'x')];
    const within = preferZone({ zone: 'x', minPeers: 0 });
    expect(priorities({ levelOf, within })(zoned, zoned)).toEqual([3, 0, 0]);
  });
});

it.each([{ levelOf: 7 }, { levelOf: () => 0, overprovision: 0.5 }])('refuses %o', (options) => {
  // @ts-expect-error what a caller without types might pass
  expect(() => priorities(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
