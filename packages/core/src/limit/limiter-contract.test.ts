/** What holds for every limiter, however it finds its limit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { failure, ignored, success } from '../outcome.ts';
import { AimdLimiter } from './aimd-limiter.ts';
import { GradientLimiter } from './gradient-limiter.ts';

const outcomes = fc.constantFrom(
  success,
  success,
  success,
  ignored,
  failure('overload'),
  failure('timeout'),
  failure('reset'),
);
const end = fc.record({
  outcome: outcomes,
  inFlight: fc.integer({ min: 1, max: 300 }),
  tookMs: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constantFrom(0, 30_000, -5)),
  // Clocks stand still and go back.
  afterMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0, -1000, 60_000)),
});

describe.each([
  { name: 'AimdLimiter', create: (min: number, max: number) => new AimdLimiter({ min, max }) },
  { name: 'GradientLimiter', create: (min: number, max: number) => new GradientLimiter({ min, max, windowMs: 100 }) },
])('$name', ({ create }) => {
  it('keeps a whole limit between its bounds, whatever happens', () => {
    const bounds = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 300 }));
    fc.assert(
      fc.property(bounds, fc.array(end, { maxLength: 200 }), ([min, span], ends) => {
        const limiter = create(min, min + span);
        let now = 0;
        for (const { outcome, inFlight, tookMs, afterMs } of ends) {
          now += afterMs;
          limiter.end(outcome, inFlight, now - tookMs, now);
          const { limit } = limiter;
          expect(Number.isInteger(limit) && limit >= min && limit <= min + span).toBe(true);
        }
      }),
    );
  });

  it('does not grow while less than half of it is used', () => {
    const limiter = create(20, 200);
    const before = limiter.limit;
    for (let now = 0; now < 20_000; now += 10) limiter.end(success, before / 2 - 1, now - 10, now);
    expect(limiter.limit).toBe(before);
  });

  it('takes no notice of what the caller gave up, or of what broke', () => {
    const limiter = create(20, 200);
    const before = limiter.limit;
    for (let now = 0; now < 20_000; now += 10) {
      limiter.end(ignored, before, now - 10, now);
      limiter.end(failure('reset'), before, now - 10, now);
      limiter.end(failure('status'), before, now - 10, now);
    }
    expect(limiter.limit).toBe(before);
  });
});
