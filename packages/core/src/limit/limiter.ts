import type { Outcome } from '../outcome.ts';

/**
 * Finds out how many attempts a peer can hold at once, from how attempts end. One for each peer.
 *
 * `maxConcurrency` is what a provider says of itself, and stays a wall above whatever is found here. A limiter is for providers
 * that say nothing, or cannot know, because what they can bear changes with their neighbours and with the mix of requests.
 */
export interface Limiter {
  /** Most attempts in flight at once; at least 1. Read on every pick. */
  readonly limit: number;
  /** An attempt has ended that began at `startedAt` with `inFlight` in flight, itself included. */
  end(outcome: Outcome, inFlight: number, startedAt: number, now: number): void;
}

/**
 * Whether the peer could not take what it was given. Other failures say that it is broken or gone, which is for ejection to
 * judge: a lower limit would only make it broken more slowly.
 */
export function isDrop(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && (outcome.reason === 'overload' || outcome.reason === 'timeout');
}
