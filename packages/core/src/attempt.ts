import type { Member } from './member.ts';
import type { Outcome } from './outcome.ts';
import type { Peer } from './peer.ts';

/** How a pool's health rules hear of an attempt; `state` is the member's when the attempt began. */
export type Judge = (member: Member, state: number, outcome: Outcome, elapsedMs: number, now: number) => void;

/**
 * One try on one peer, from `PeerPool.begin` to {@link end}, however many ways there are for it to end.
 *
 * An HTTP attempt can end by its answer, by an error, by a time-out and by its caller's going away, and more than one of them may
 * come to pass. The first one counts: what is in flight, the load, the limit and the health rules hear of each attempt once.
 */
export class Attempt {
  readonly peer: Peer;
  /** When it began, on the caller's clock. */
  readonly startedAt: number;
  /** Undefined for a peer that had left the pool before. */
  readonly #member: Member | undefined;
  readonly #state: number;
  readonly #inFlight: number;
  readonly #judge: Judge;
  #ended = false;

  /** Attempts are made by `PeerPool.begin`. */
  constructor(peer: Peer, member: Member | undefined, judge: Judge, now: number) {
    this.peer = peer;
    this.startedAt = now;
    this.#member = member;
    this.#state = member?.state ?? 0;
    this.#judge = judge;
    peer.load.begin(now);
    this.#inFlight = peer.load.inFlight;
  }

  /**
   * Says how it ended. To be called once. Returns false, and does no harm, when it has been called before, or when the peer has
   * left the pool meanwhile. It is in flight until `now`, but took only until `answeredAt`, if given: an answer that is streamed
   * for an hour, or to a slow reader, came as fast as it began. O(1).
   */
  end(outcome: Outcome, now: number, answeredAt: number = now): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    const elapsedMs = answeredAt > this.startedAt ? answeredAt - this.startedAt : 0;
    this.peer.load.end(elapsedMs, outcome, now);
    const member = this.#member;
    if (member === undefined || member.removed) return false;
    if (member.limiter !== undefined) {
      member.limiter.end(outcome, this.#inFlight, this.startedAt, answeredAt);
      member.refreshLimit();
    }
    this.#judge(member, this.#state, outcome, elapsedMs, now);
    return true;
  }
}
