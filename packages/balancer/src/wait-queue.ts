/**
 * The requests that wait because every peer they could go to is full: one queue for all peers, first come first served.
 *
 * One queue and not one for each peer, since the next connection that comes free serves the request that has waited longest, whichever
 * peer it belongs to; requests queued behind one slow peer would wait while others idle. It is short: what waits here is beyond
 * what the peers carry at once, and a long queue only turns refusals into time-outs.
 */
import type { Peer } from '@lb/core';

import { LinkedList, type ListNode } from './linked-list.ts';
import { type TimerOwner, type TimerWheel, WheelTimer } from './time/timer-wheel.ts';

export interface Waiter {
  /** Whether it could go to any peer that has room. If such a one finds nobody, nobody after it does either. */
  readonly takesAny: boolean;
  /** A peer that has room for it. */
  pick(now: number): Peer | undefined;
  /** Goes on, with the peer that it picked. It no longer waits then. */
  resume(peer: Peer, now: number): void;
  /** The pool has changed: leaves the queue if there is nobody to wait for. */
  reconsider(now: number): void;
}

/** The place of one who waits. */
export type Ticket = ListNode<Waiter>;

/** How often to look whether time has made room, in milliseconds: an ejection that ended, a peer that has warmed up. */
const patienceMs = 50;

export class WaitQueue implements TimerOwner {
  readonly limit: number;
  readonly #wheel: TimerWheel;
  readonly #timer = new WheelTimer(this);
  readonly #waiting = new LinkedList<Waiter>();
  #takingAny = 0;
  /** Where `serve` is. */
  #next: Ticket | undefined;
  #serving = false;
  #again = false;

  constructor(limit: number, wheel: TimerWheel) {
    this.limit = limit;
    this.#wheel = wheel;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether a newcomer would overtake somebody if it picked a peer now. */
  get goesFirst(): boolean {
    return this.#takingAny > 0;
  }

  /** `undefined` when the queue is full. O(1). */
  add(waiter: Waiter, now: number): Ticket | undefined {
    if (this.size >= this.limit) return undefined;
    if (this.size === 0) this.#wheel.set(this.#timer, now + patienceMs, now);
    if (waiter.takesAny) this.#takingAny += 1;
    return this.#waiting.add(waiter);
  }

  /** O(1). */
  remove(ticket: Ticket): void {
    if (!ticket.listed) return;
    if (ticket === this.#next) this.#next = ticket.next;
    this.#waiting.remove(ticket);
    if (ticket.value.takesAny) this.#takingAny -= 1;
    if (this.size === 0) this.#wheel.clear(this.#timer);
  }

  /** Lets those go on that can. To be called whenever a peer may have got room: O(1) while all are full, or nobody waits. */
  serve(now: number): void {
    if (this.size === 0) return;
    // A request that goes on may fail at once, and so make room again while this is still going on.
    this.#again = true;
    if (this.#serving) return;
    this.#serving = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#serveOnce(now);
      }
    } finally {
      this.#serving = false;
      this.#next = undefined;
    }
  }

  /** The pool has changed. O(size). */
  reconsider(now: number): void {
    for (const waiter of this.#waiting) waiter.reconsider(now);
    this.serve(now);
  }

  onTime(now: number): void {
    this.serve(now);
    if (this.size > 0) this.#wheel.set(this.#timer, now + patienceMs, now);
  }

  #serveOnce(now: number): void {
    for (let ticket = this.#waiting.first; ticket !== undefined; ticket = this.#next) {
      this.#next = ticket.next;
      const waiter = ticket.value;
      const peer = waiter.pick(now);
      if (peer !== undefined) {
        this.remove(ticket);
        waiter.resume(peer, now);
      } else if (waiter.takesAny) {
        return;
      }
    }
  }
}
