/** What holds for every picker, whatever it chooses by. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isOpen, Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint, tally } from '../testing.ts';

const byWeight = new Set(['smoothWeightedRoundRobin', 'weightedRandom', 'p2c']);

describe.each(Object.values(policies).map((create) => create()))('$name', (policy) => {
  const build = (weights: readonly number[]): Peer[] =>
    weights.map((weight, index) => new Peer(endpoint(`p${index}`, { weight }), policy.createLoad(0)));

  it('returns an open peer whenever there is one, and never another', () => {
    const peer = fc.record({
      weight: fc.oneof(fc.constantFrom(1, 2, 3), fc.double({ min: 1e-3, max: 1e3, noNaN: true })),
      full: fc.boolean(),
      excluded: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(peer, { minLength: 1, maxLength: 12 }), fc.integer(), (made, seed) => {
        const peers = build(made.map(({ weight }) => weight));
        const exclude = new Set<Peer>();
        for (const [index, { full, excluded }] of made.entries()) {
          if (full) peers[index]!.limit = 0;
          if (excluded) exclude.add(peers[index]!);
        }
        const picker = policy.createPicker(peers, seededRandom(seed));
        const context = { now: 0, exclude };
        const someOpen = peers.some((candidate) => isOpen(candidate, context));
        for (let pick = 0; pick < 10; pick += 1) {
          const picked = picker.pick(context);
          expect(picked !== undefined).toBe(someOpen);
          if (picked !== undefined) expect(isOpen(picked, context)).toBe(true);
        }
      }),
    );
  });

  it(`shares an idle pool of 1:2:3 ${byWeight.has(policy.name) ? 'by weight' : 'evenly'}, within 1.5 points in 20 000 picks`, () => {
    const picker = policy.createPicker(build([1, 2, 3]), seededRandom(11));
    const counts = tally(20_000, () => picker.pick({ now: 0 }));
    const expected = byWeight.has(policy.name) ? [1 / 6, 2 / 6, 3 / 6] : [1 / 3, 1 / 3, 1 / 3];
    for (const [index, share] of expected.entries()) {
      // One standard deviation is at most 0.35 points here.
      expect(Math.abs((counts.get(`p${index}`) ?? 0) / 20_000 - share)).toBeLessThan(0.015);
    }
  });

  it('picks the same again from the same seed', () => {
    const run = () => {
      const picker = policy.createPicker(build([1, 2, 3, 4]), seededRandom(5));
      return Array.from({ length: 50 }, () => picker.pick({ now: 0 })?.id).join(' ');
    };
    expect(run()).toBe(run());
  });
});
