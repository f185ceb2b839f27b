/**
 * What decides that a peer should be ejected. Each detector is one question; a pool asks several, and any yes counts.
 *
 * A detector only asks for an ejection. Whether it happens (not the last peer, not more than half of them), for how long, and how
 * the peer comes back is the same for all, and is decided in `ejector.ts`.
 */
import type { Outcome } from '../outcome.ts';
import type { Peer } from '../peer.ts';

/** One object for one pool, since it may keep what it compares peers with. */
export interface Detector<S extends Sensor = Sensor> {
  /** Names the ejections that it asks for, in states, events and metrics. */
  readonly reason: string;
  /** Begins to watch a peer. */
  watch(peer: Peer): S;
  /** How often to {@link sweep}, in milliseconds. */
  readonly sweepMs?: number;
  /** Compares the peers that are not ejected, and returns those to eject, the worst first. O(n log n) at most. */
  sweep?(sensors: readonly S[], now: number): readonly S[];
}

/** What a detector knows of one peer. */
export interface Sensor {
  /** An attempt has ended. True asks for the peer to be ejected. O(1), on every attempt. */
  record(outcome: Outcome, elapsedMs: number, now: number): boolean;
  /** Forgets everything: the peer comes back from an ejection, and is judged anew. */
  reset(): void;
}

/**
 * Whether an outcome says something about the peer's health, and what.
 *
 * A refusal for overload says neither. The peer is well enough to say what it can bear, and saying so is what we want it to do:
 * it is load feedback, which costs it traffic through the load and the limit. Were it a failure, a burst would eject the peers
 * one after the other, each time handing their load to the rest. Nor is it a success, or a peer that refuses two of three and
 * fails the third would look fine. An outcome that the caller caused says nothing either.
 */
export function verdict(outcome: Outcome): 'good' | 'bad' | undefined {
  if (outcome.kind === 'success') return 'good';
  return outcome.kind === 'failure' && outcome.reason !== 'overload' ? 'bad' : undefined;
}
