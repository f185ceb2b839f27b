import fc from 'fast-check';
import { expect, it } from 'vitest';

import { apertureWidth, deterministicAperture } from './deterministic-aperture.ts';

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `instance-${index}`);

it.each([
  [4, 10, 1],
  [100, 50, 0.24],
  [5, 100, 0.2],
  [3, 100, 1 / 3],
  [1000, 100, 0.12],
])('has %i clients of %i endpoints take slices of %f of the ring, as Finagle does', (clients, endpoints, width) => {
  expect(apertureWidth(clients, endpoints, 12)).toBeCloseTo(width, 12);
});

it('covers every endpoint equally, with no more connections than it takes', () => {
  const counts = fc.tuple(
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 1, max: 20 }),
  );
  fc.assert(
    fc.property(counts, ([clients, endpoints, size]) => {
      const ids = idsOf(endpoints);
      const covered = new Map<string, number>();
      const connections = new Map<string, number>();
      for (let client = 0; client < clients; client += 1) {
        const shares = deterministicAperture({ client, clients, size })(ids);
        expect(shares.size).toBeGreaterThanOrEqual(Math.min(size, endpoints));
        for (const [id, share] of shares) {
          expect(share > 0 && share < 1 + 1e-9).toBe(true);
          covered.set(id, (covered.get(id) ?? 0) + share);
          connections.set(id, (connections.get(id) ?? 0) + 1);
        }
      }
      const width = apertureWidth(clients, endpoints, size);
      const most = Math.ceil(clients * (width + 1 / endpoints) + 1e-9);
      for (const id of ids) {
        expect(covered.get(id)).toBeCloseTo(width * clients, 9);
        expect(connections.get(id)).toBeLessThanOrEqual(most);
      }
    }),
  );
});

it('takes its endpoints in an order that all clients share, and that is not that of their names', () => {
  const ids = idsOf(100);
  const options = { client: 3, clients: 10 };
  const chosen = deterministicAperture(options)(ids);
  expect(deterministicAperture(options)(ids.toReversed())).toEqual(chosen);
  const numbers = [...chosen.keys()].map((id) => Number(id.slice('instance-'.length))).toSorted((a, b) => a - b);
  expect(numbers.at(-1)! - numbers[0]!).toBeGreaterThan(50);
});

it('has nothing to take from nothing', () => {
  expect(deterministicAperture({ client: 0, clients: 2 })([]).size).toBe(0);
});

it.each([
  { client: 2, clients: 2 },
  { client: -1, clients: 2 },
  { client: 0, clients: 0 },
  { client: 0, clients: 1, size: 0 },
])('refuses %o', (options) => {
  expect(() => deterministicAperture(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
