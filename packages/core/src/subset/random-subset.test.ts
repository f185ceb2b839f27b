import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { murmur3 } from '../hash/murmur3.ts';
import { seededRandom } from '../random.ts';
import { randomSubset } from './random-subset.ts';

const idList = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 60 });
const sizes = fc.integer({ min: 1, max: 30 });

it('takes as many as it should, of those that there are, each whole', () => {
  fc.assert(
    fc.property(idList, sizes, fc.integer(), (ids, size, seed) => {
      const chosen = randomSubset({ size, seed })(ids);
      expect(chosen.size).toBe(Math.min(size, ids.length));
      for (const [id, share] of chosen) expect([ids.includes(id), share]).toEqual([true, 1]);
    }),
  );
});

it('does not depend on the order of the ids, nor on their coming twice', () => {
  fc.assert(
    fc.property(idList, sizes, fc.integer(), (ids, size, seed) => {
      const subset = randomSubset({ size, seed });
      const shuffled = ids.toSorted((a, b) => murmur3(a, 77) - murmur3(b, 77));
      expect(subset([...shuffled, ...ids])).toEqual(subset(ids));
    }),
  );
});

it('changes by at most one when an endpoint comes or goes', () => {
  fc.assert(
    fc.property(idList, fc.nat(), sizes, fc.integer(), (ids, which, size, seed) => {
      fc.pre(ids.length > 0);
      const gone = ids[which % ids.length];
      const subset = randomSubset({ size, seed });
      const before = subset(ids);
      const after = subset(ids.filter((id) => id !== gone));
      const left = [...before.keys()].filter((id) => !after.has(id));
      const joined = [...after.keys()].filter((id) => !before.has(id));
      expect(left).toEqual(before.has(gone!) ? [gone] : []);
      expect(joined.length).toBeLessThanOrEqual(left.length);
    }),
  );
});

describe('over many clients', () => {
  it('gives each server its clients, within what chance does to 10 000 draws', () => {
    const ids = Array.from({ length: 50 }, (_, index) => `instance-${index}`);
    const random = seededRandom(3);
    const clients = 10_000;
    const counts = new Map(ids.map((id) => [id, 0]));
    for (let client = 0; client < clients; client += 1) {
      const subset = randomSubset({ size: 5, seed: Math.floor(random() * 2 ** 32) });
      for (const id of subset(ids).keys()) counts.set(id, counts.get(id)! + 1);
    }
    // 1000 ± 30 each; 50 servers stay within four standard deviations but once in 300 runs, and this seed is one that does.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('has seeds next to each other draw as differently as any', () => {
    const ids = Array.from({ length: 50 }, (_, index) => `instance-${index}`);
    let shared = 0;
    for (let seed = 0; seed < 1000; seed += 1) {
      const one = randomSubset({ size: 5, seed })(ids);
      const next = randomSubset({ size: 5, seed: seed + 1 })(ids);
      for (const id of one.keys()) if (next.has(id)) shared += 1;
    }
    // Two random fives of fifty share 0.5 on average.
    expect(shared / 1000).toBeGreaterThan(0.4);
    expect(shared / 1000).toBeLessThan(0.6);
  });
});

it.each([{ size: 0, seed: 1 }, { size: 2.5, seed: 1 }, { seed: NaN }])('refuses %o', (options) => {
  expect(() => randomSubset(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
