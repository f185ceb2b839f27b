/**
 * Whether a failed attempt is followed by another one, and when. Pure: all that it depends on is passed in.
 *
 * What was never sent, or refused by a peer that is leaving, costs nobody anything: it is tried elsewhere at once, once for each
 * endpoint (gRPC's transparent retries, gRFC A6). All else is load that somebody already carried, and has to be paid for: out of the
 * attempts of the request, after a back-off, and by the budget of all requests, which the caller asks.
 */
import type { Backoff, Random } from '@lb/core';

import type { NoRetryReason } from '../errors.ts';
import type { Verdict } from './verdict.ts';

/** What a retry rests on. */
export interface RetryFacts {
  readonly verdict: Verdict;
  /** Whether doing it twice is safe. */
  readonly idempotent: boolean;
  /** Whether the body can be sent once more from its beginning. */
  readonly replayable: boolean;
  /** Attempts after the first that were paid for, hedges included. */
  readonly charged: number;
  /** Attempts after the first that were free. */
  readonly free: number;
  /** Whether there is a peer that this request has not tried. */
  readonly untried: boolean;
  /** Until the deadline, in milliseconds. */
  readonly remainingMs: number;
}

export interface RetryRules {
  /** Most attempts, the first included, but not counting free ones. */
  readonly attempts: number;
  /** Most free attempts. */
  readonly freeAttempts: number;
  /** With less time than this left, an attempt would be wasted. */
  readonly leastMs: number;
  readonly backoff: Backoff;
}

export type RetryDecision =
  | { readonly retry: true; readonly delayMs: number; readonly charged: boolean }
  | { readonly retry: false; readonly why: NoRetryReason };

export function decideRetry(facts: RetryFacts, rules: RetryRules, random: Random): RetryDecision {
  const { verdict, untried, remainingMs } = facts;
  const safe = verdict.kind === 'unsent' || verdict.kind === 'refused' || facts.idempotent;
  if (verdict.kind === 'final') return no('final');
  if (rules.attempts === 1) return no('attempts');
  if (!safe) return no('not-idempotent');
  if (!facts.replayable) return no('body');
  if (remainingMs < rules.leastMs) return no('deadline');

  if (verdict.free === true && untried && facts.free < rules.freeAttempts)
    return { retry: true, delayMs: 0, charged: false };
  if (facts.charged + 1 >= rules.attempts) return no('attempts');

  const jitter = verdict.late === true ? 0 : rules.backoff.delayMs(facts.charged + 1, random);
  const asked = verdict.asksCaller === true || !untried ? (verdict.retryAfterMs ?? 0) : 0;
  const delayMs = Math.max(asked, jitter);
  return remainingMs - delayMs < rules.leastMs ? no('deadline') : { retry: true, delayMs, charged: true };
}

function no(why: NoRetryReason): RetryDecision {
  return { retry: false, why };
}
