import fc from 'fast-check';
import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { peersOf, tally } from '../testing.ts';
import { LeastLoaded } from './least-loaded.ts';

it('takes a peer that none has less in flight for its weight than', () => {
  const made = fc.record({ weight: fc.integer({ min: 1, max: 9 }), inFlight: fc.nat({ max: 20 }) });
  fc.assert(
    fc.property(fc.array(made, { minLength: 1, maxLength: 20 }), fc.integer(), (list, seed) => {
      const peers = peersOf(...list.map(({ weight }) => weight));
      for (const [index, { inFlight }] of list.entries()) {
        for (let begun = 0; begun < inFlight; begun += 1) peers[index]!.load.begin(0);
      }
      const picked = new LeastLoaded(peers, seededRandom(seed)).pick({ now: 0 })!;
      const least = Math.min(...list.map(({ weight, inFlight }) => inFlight / weight));
      expect(picked.load.inFlight / picked.weight).toBe(least);
    }),
  );
});

it('draws by weight among those that are equally busy, wherever they stand in the list', () => {
  const [busy, two, one, five] = peersOf(1, 2, 1, 5);
  busy!.load.begin(0);
  const picker = new LeastLoaded([busy!, two!, one!, five!], seededRandom(6));
  const counts = tally(80_000, () => picker.pick({ now: 0 }));
  // One deviation is at most 141.
  expect(Object.fromEntries(counts)).toEqual({
    b: expect.closeTo(20_000, -3),
    c: expect.closeTo(10_000, -3),
    d: expect.closeTo(50_000, -3),
  });
});
