import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RetryBudget } from './retry-budget.ts';

const step = fc.record({
  kind: fc.constantFrom('request' as const, 'retry' as const),
  // Clocks that stand still or go back must not pay anything in.
  afterMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom(0, -10, 5000)),
});

it('never lets more retries through than a fifth of the requests, ten a second, and a hundred', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const budget = new RetryBudget();
      let now = 1000;
      let latest = now;
      let requests = 0;
      let retries = 0;
      for (const { kind, afterMs } of steps) {
        now += afterMs;
        latest = Math.max(latest, now);
        if (kind === 'request') {
          budget.deposit(now);
          requests += 1;
        } else if (budget.tryWithdraw(now)) {
          retries += 1;
        }
        expect(retries).toBeLessThanOrEqual(0.2 * requests + (10 * (latest - 1000)) / 1000 + 100 + 1e-6);
      }
    }),
  );
});

it('decides as one that keeps its books in whole thousandths does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 5 }), (steps, capacity) => {
      const budget = new RetryBudget({ perRequest: 0.2, perSecond: 10, capacity });
      let now = 0;
      let latest = 0;
      let thousandths = capacity * 1000;
      // The first call, whatever it is, starts the clock.
      budget.balance(0);
      for (const { kind, afterMs } of steps) {
        now += afterMs;
        // 10 a second is 10 thousandths a millisecond.
        thousandths = Math.min(capacity * 1000, thousandths + Math.max(0, now - latest) * 10);
        latest = Math.max(latest, now);
        if (kind === 'request') {
          budget.deposit(now);
          thousandths = Math.min(capacity * 1000, thousandths + 200);
        } else {
          const expected = thousandths >= 1000;
          if (expected) thousandths -= 1000;
          expect(budget.tryWithdraw(now)).toBe(expected);
        }
        expect(budget.balance(now)).toBeCloseTo(thousandths / 1000, 6);
      }
    }),
  );
});

describe('without waiting', () => {
  it('gives its hundred, then one for every five requests', () => {
    const budget = new RetryBudget();
    const drain = () => {
      let taken = 0;
      while (budget.tryWithdraw(0)) taken += 1;
      return taken;
    };
    expect(drain()).toBe(100);
    for (let request = 0; request < 25; request += 1) budget.deposit(0);
    expect(drain()).toBe(5);
  });
});

it.each([{ perRequest: -0.1 }, { perSecond: NaN }, { capacity: -1 }])('refuses %o', (options) => {
  expect(() => new RetryBudget(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
