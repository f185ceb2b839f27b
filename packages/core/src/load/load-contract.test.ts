/** What holds for every load, whatever it makes of what it sees. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { failure, ignored, type Outcome, success } from '../outcome.ts';
import { CountedTogether } from '../pickers/bounded-load.ts';
import type { Load } from '../policy.ts';
import { Decay } from './decay.ts';
import { FinaglePeakEwma } from './finagle-peak-ewma.ts';
import { GuardedLatency } from './guarded-latency.ts';
import { GuardedPeakEwma, PeakEwmaPool } from './guarded-peak-ewma.ts';
import { InFlight } from './in-flight.ts';
import { ReportedWeight, ReportedWeightSettings } from './reported-weight.ts';
import { TabledInFlight } from './tabled-in-flight.ts';

const subjects: { name: string; create: () => Load }[] = [
  { name: 'InFlight', create: () => new InFlight() },
  { name: 'CountedTogether', create: () => new CountedTogether() },
  { name: 'FinaglePeakEwma', create: () => new FinaglePeakEwma(new Decay(1000), 0) },
  { name: 'GuardedLatency', create: () => new GuardedLatency(new PeakEwmaPool()) },
  { name: 'GuardedPeakEwma', create: () => new GuardedPeakEwma(new PeakEwmaPool()) },
  { name: 'TabledInFlight', create: () => new TabledInFlight() },
  { name: 'ReportedWeight', create: () => new ReportedWeight(new ReportedWeightSettings()) },
];

const outcomes = fc.constantFrom<Outcome>(success, ignored, failure('timeout'), failure('overload', 3000));
const ms = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }));
const step = fc.record({ begins: fc.boolean(), outcome: outcomes, elapsed: ms, wait: ms });

describe.each(subjects)('$name', ({ create }) => {
  it('counts what is in flight, never below 0, and costs something finite that reading does not change', () => {
    fc.assert(
      fc.property(fc.array(step), fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (steps, weight) => {
        const load = create();
        let inFlight = 0;
        let now = 0;
        for (const { begins, outcome, elapsed, wait } of steps) {
          now += wait;
          if (begins) load.begin(now);
          else load.end(elapsed, outcome, now);
          inFlight = Math.max(0, inFlight + (begins ? 1 : -1));
          expect(load.inFlight).toBe(inFlight);
          const cost = load.cost(now, weight);
          expect(cost).toBeGreaterThanOrEqual(0);
          expect(cost).toBeLessThan(Infinity);
          expect(load.cost(now, weight)).toBe(cost);
        }
      }),
    );
  });

  it('costs no less with more in flight, and no more with more weight', () => {
    fc.assert(
      fc.property(fc.array(step), ms, (steps, wait) => {
        const load = create();
        let now = 0;
        for (const { begins, outcome, elapsed, wait: pause } of steps) {
          now += pause;
          if (begins) load.begin(now);
          else load.end(elapsed, outcome, now);
        }
        now += wait;
        const before = load.cost(now, 1);
        expect(load.cost(now, 2)).toBeLessThanOrEqual(before);
        if (load.inFlight > 0) {
          load.begin(now);
          expect(load.cost(now, 1)).toBeGreaterThanOrEqual(before);
        }
      }),
    );
  });
});
