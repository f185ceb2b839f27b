import fc from 'fast-check';
import { expect, it } from 'vitest';

import { success } from '../outcome.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import type { Picker, Policy } from '../policy.ts';
import { seededRandom } from '../random.ts';
import { endpoint } from '../testing.ts';
import { LoadTable } from './load-table.ts';
import { TabledInFlight } from './tabled-in-flight.ts';

it('keeps its numbers wherever it is moved, and shares no row with another', () => {
  const table = new LoadTable(100);
  const loads = Array.from({ length: 100 }, () => new TabledInFlight());
  for (const [index, load] of loads.entries()) for (let begun = 0; begun < index; begun += 1) load.begin(0);
  for (const [index, load] of loads.entries()) load.moveTo(table, table.rowAt(99 - index));
  expect(loads.map((load) => load.inFlight)).toEqual(loads.map((_, index) => index));
  for (const load of loads) load.leave(table);
  for (const load of loads) load.begin(0);
  expect(loads.map((load) => load.inFlight)).toEqual(loads.map((_, index) => index + 1));
  // Nobody writes there any more.
  expect(loads.map((_, index) => table.ints[table.rowAt(99 - index)])).toEqual(loads.map((_, index) => index));
});

const subjects: { name: string; create: () => Policy }[] = [
  { name: 'p2c', create: policies.p2c },
  { name: 'p2cLatency', create: policies.p2cLatency },
  { name: 'p2cPeakEwma', create: policies.p2cPeakEwma },
  { name: 'finaglePeakEwma', create: policies.finaglePeakEwma },
  { name: 'prequal', create: () => policies.prequal({ source: { probe: () => {} } }) },
];

it.each(subjects)('of $name costs the same in a picker, out of it, and in the next one', ({ create }) => {
  const step = fc.record({
    who: fc.nat({ max: 5 }),
    kind: fc.constantFrom('begin', 'end', 'rebuild' as const),
    members: fc.integer({ min: 1, max: 63 }),
    elapsedMs: fc.nat({ max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const made = (policy: Policy): Peer[] =>
        Array.from({ length: 6 }, (_, index) => new Peer(endpoint(`p${index}`), policy.createLoad(0)));
      const policy = create();
      const peers = made(policy);
      /** The same history without any picker, and so without a move. */
      const unmoved = made(create());
      let picker: Picker | undefined;
      let now = 0;
      for (const { who, kind, members, elapsedMs } of steps) {
        now += 7;
        if (kind === 'rebuild') {
          const chosen = peers.filter((_, index) => (members >> index) % 2 === 1);
          picker = policy.createPicker(chosen, seededRandom(1), picker);
        } else {
          for (const { load } of [peers[who]!, unmoved[who]!]) {
            if (kind === 'begin') load.begin(now);
            else load.end(elapsedMs, success, now);
          }
        }
        const costs = (of: readonly Peer[]) => of.map(({ load }) => [load.inFlight, load.cost(now, 3)]);
        expect(costs(peers)).toEqual(costs(unmoved));
      }
    }),
  );
});

it.each(subjects)('of $name is not picked beyond a limit that changes after the picker was built', ({ create }) => {
  const policy = create();
  const peers = Array.from({ length: 3 }, (_, index) => new Peer(endpoint(`p${index}`), policy.createLoad(0)));
  const picker = policy.createPicker(peers, seededRandom(1));
  peers[0]!.limit = 0;
  peers[1]!.limit = 0;
  for (let pick = 0; pick < 50; pick += 1) expect(picker.pick({ now: 0 })).toBe(peers[2]);
  peers[2]!.limit = 0;
  expect(picker.pick({ now: 0 })).toBe(undefined);
  peers[1]!.limit = 1;
  expect(picker.pick({ now: 0 })).toBe(peers[1]);
});
