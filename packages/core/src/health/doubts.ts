/**
 * Peers that have failed, and were not ejected for it: sees to it that each is asked again before long.
 *
 * A policy that takes failures in avoids a peer after one or two, long before they are enough to eject it. From then on nothing is learned of
 * it until what it remembers has faded, and after a few attempts that timed out that takes many seconds: a peer may be dead all the while and
 * count as available, or be well again and idle. So an avoided peer is sent one request past the policy when it has got none for a while,
 * longer each time and never before its turn would come if all were asked alike. How that goes counts as ever: a dead peer gets to be ejected,
 * and one that is well gets fresh answers to be compared by. It ends when the policy picks the peer by itself.
 *
 * Only where the load remembers how attempts went: a policy that does not goes on asking by itself, and a sticky one keeps its keys where
 * they are.
 */
import type { Member } from '../member.ts';
import type { Outcome } from '../outcome.ts';
import { isCandidate } from '../peer.ts';

export interface DoubtTimes {
  /** How long to leave a peer alone, one of so many, before it is asked for the n-th time. */
  wait(n: number, peers: number, now: number): number;
  /** How long to wait for an attempt to begin, in milliseconds. */
  readonly beginMs: number;
  /** How long to wait for it to end. */
  readonly endMs: number;
}

export class Doubts {
  readonly #times: DoubtTimes;
  readonly #members = new Set<Member>();

  constructor(times: DoubtTimes) {
    this.#times = times;
  }

  /** Takes in how an attempt on a peer ended that is not ejected. O(1). */
  observe(member: Member, outcome: Outcome, peers: number, now: number): void {
    const failed = outcome.kind === 'failure';
    if (member.doubts === 0) {
      // A refusal for overload, too, which is no matter of health: the policy avoids a peer for it as for any failure.
      if (!failed || member.peer.load.forget === undefined) return;
      member.doubts = 1;
      this.#members.add(member);
    }
    const wait = this.#times.wait(member.doubts, peers, now);
    member.askAt = now + Math.max(wait, failed ? (outcome.retryAfterMs ?? 0) : 0);
  }

  /** The peer is given out to be asked, and may be again should nothing come of it. */
  asked(member: Member, now: number): void {
    member.asked = true;
    member.doubts += 1;
    member.askAt = now + this.#times.beginMs;
  }

  /** An attempt on the peer has begun: because it was to be asked, or because the policy has picked it. */
  begun(member: Member, now: number): void {
    if (!member.asked) this.clear(member);
    else member.askAt = now + this.#times.endMs;
    member.asked = false;
  }

  /** There is no doubt about the peer any more. */
  clear(member: Member): void {
    member.asked = false;
    member.doubts = 0;
    member.askAt = Infinity;
    this.#members.delete(member);
  }

  /** Calls `found` with each that is to be asked by now, and returns when the next one is. O(in doubt). */
  collect(now: number, found: (member: Member) => void): number {
    let next = Infinity;
    for (const member of this.#members) {
      const { peer, askAt } = member;
      if (member.removed) this.#members.delete(member);
      // Whom the policy does not see is not asked past it, either: it is in another zone, say.
      else if (!isCandidate(peer) || peer.weight === 0) continue;
      else if (askAt <= now) found(member);
      else next = Math.min(next, askAt);
    }
    return next;
  }
}
