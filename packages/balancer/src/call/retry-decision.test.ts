import { Backoff, failure, ignored, seededRandom } from '@lb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decideRetry, type RetryFacts, type RetryRules } from './retry-decision.ts';
import type { Verdict } from './verdict.ts';

const rules: RetryRules = { attempts: 3, freeAttempts: 8, leastMs: 20, backoff: new Backoff() };
const unsent: Verdict = { kind: 'unsent', outcome: failure('connect'), free: true };
const draining: Verdict = { kind: 'refused', outcome: ignored, free: true };
const overload: Verdict = { kind: 'refused', outcome: failure('overload') };
const lost: Verdict = { kind: 'lost', outcome: failure('reset') };
const answered: Verdict = { kind: 'answered', outcome: failure('status') };

const facts = (fields: Partial<RetryFacts>): RetryFacts => ({
  verdict: lost,
  idempotent: true,
  replayable: true,
  charged: 0,
  free: 0,
  untried: true,
  remainingMs: 1000,
  ...fields,
});
const decide = (fields: Partial<RetryFacts>, random = () => 0.5, given = rules): ReturnType<typeof decideRetry> =>
  decideRetry(facts(fields), given, random);

it('waits no longer after an attempt that has timed out', () => {
  const late: Verdict = { kind: 'lost', outcome: failure('timeout'), late: true };
  expect(decide({ verdict: late })).toEqual({ retry: true, delayMs: 0, charged: true });
  expect(decide({ verdict: lost })).toMatchObject({ delayMs: 12.5 });
});

describe('a request that nobody has begun', () => {
  it.each([
    ['was never sent', unsent],
    ['was refused by a peer that drains', draining],
  ])('is sent elsewhere at once and for free when it %s, whatever it is', (_what, verdict) => {
    expect(decide({ verdict, idempotent: false })).toEqual({ retry: true, delayMs: 0, charged: false });
    // Free attempts do not use up the others.
    expect(decide({ verdict, charged: 2 })).toMatchObject({ retry: true, charged: false });
  });

  it('waits and pays when it was refused for overload, or there is nobody new', () => {
    expect(decide({ verdict: overload, idempotent: false })).toEqual({ retry: true, delayMs: 12.5, charged: true });
    expect(decide({ verdict: unsent, untried: false, idempotent: false })).toEqual({
      retry: true,
      delayMs: 12.5,
      charged: true,
    });
  });

  it('pays after the eighth free attempt', () => {
    expect(decide({ verdict: unsent, free: 7 })).toMatchObject({ charged: false });
    expect(decide({ verdict: unsent, free: 8 })).toMatchObject({ charged: true });
  });
});

describe('a request that may have been carried out', () => {
  it.each([
    ['lost', lost],
    ['answered', answered],
  ])('is tried again when it was %s only if that is safe', (_what, verdict) => {
    expect(decide({ verdict })).toMatchObject({ retry: true, charged: true });
    expect(decide({ verdict, idempotent: false })).toEqual({ retry: false, why: 'not-idempotent' });
  });

  it('waits up to 25 ms before the first retry, and up to 75 before the second', () => {
    expect(decide({}, () => 0.999)).toMatchObject({ delayMs: expect.closeTo(25, 0) });
    expect(decide({ charged: 1 }, () => 0.999)).toMatchObject({ delayMs: expect.closeTo(75, 0) });
    expect(decide({}, () => 0)).toMatchObject({ delayMs: 0 });
  });
});

it.each([
  ['final', { verdict: { kind: 'final', outcome: ignored } as const }],
  ['body', { replayable: false }],
  ['attempts', { charged: 2 }],
  ['deadline', { remainingMs: 19 }],
  ['deadline', { remainingMs: 30, charged: 1 }],
])('gives up for %s', (why, fields) => {
  expect(decide(fields, () => 0.5)).toEqual({ retry: false, why });
});

it('does not retry at all when there is one attempt', () => {
  expect(decide({ verdict: unsent }, () => 0, { ...rules, attempts: 1 })).toEqual({ retry: false, why: 'attempts' });
});

it('waits as long as a peer asks before asking it again, and does not when there are others', () => {
  const busy: Verdict = { ...answered, retryAfterMs: 300 };
  expect(decide({ verdict: busy, untried: false })).toMatchObject({ delayMs: 300 });
  expect(decide({ verdict: busy, untried: true })).toMatchObject({ delayMs: 12.5 });
  expect(decide({ verdict: busy, untried: false, remainingMs: 310 })).toEqual({ retry: false, why: 'deadline' });
  // 429 speaks to the caller, whoever answers next.
  expect(decide({ verdict: { ...busy, asksCaller: true } })).toMatchObject({ delayMs: 300 });
});

it('never decides for more than the rules allow, nor for what cannot be done', () => {
  const kinds = fc.constantFrom(unsent, draining, overload, lost, answered);
  fc.assert(
    fc.property(
      fc.record({
        verdict: kinds,
        idempotent: fc.boolean(),
        replayable: fc.boolean(),
        charged: fc.nat(4),
        free: fc.nat(10),
        untried: fc.boolean(),
        remainingMs: fc.integer({ min: -100, max: 2000 }),
      }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer(),
      (given, attempts, seed) => {
        const decision = decideRetry(given, { ...rules, attempts }, seededRandom(seed));
        if (!decision.retry) return;
        expect(given.replayable).toBe(true);
        expect(given.idempotent || given.verdict.kind === 'unsent' || given.verdict.kind === 'refused').toBe(true);
        expect(decision.delayMs).toBeGreaterThanOrEqual(0);
        expect(given.remainingMs - decision.delayMs).toBeGreaterThanOrEqual(rules.leastMs);
        if (decision.charged) expect(given.charged + 1).toBeLessThan(attempts);
        else expect(given.free < rules.freeAttempts && given.untried).toBe(true);
      },
    ),
  );
});
