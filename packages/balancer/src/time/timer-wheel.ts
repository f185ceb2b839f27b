/**
 * The timers of all requests under way, in one wheel of slots and behind one real timer.
 *
 * Nearly every timer of a client is set to be cleared: a deadline and a time-out for each request, of which one in a thousand comes
 * to pass. A real timer costs 280 ns to set and clear, on every request; here that is linking and unlinking an entry. The real
 * timer is left where it is when what it was for is cleared, so under load it is set again once for many requests.
 *
 * Timers fire at their time or up to one tick (5 ms) late, never early. One that is set for a time gone by fires at the next tick.
 *
 * Source: G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987, scheme 6.
 */
import type { Clock, TimerHandle } from './clock.ts';

const tickMs = 5;
/** Slots of one turn of the wheel, 2.56 s. What is due later stays where it is for more turns. */
const slotCount = 512;

/** What Node's timers take; they fire at once, with a warning, for anything longer. */
const longestMs = 2 ** 31 - 1;

export interface TimerOwner {
  onTime(now: number): void;
}

/** One timer, which may be set and cleared any number of times. */
export class WheelTimer {
  readonly owner: TimerOwner;
  /** When it is due; Infinity while it is not set. Written by the wheel, as all that follows. */
  at: number = Infinity;
  slot: number = 0;
  previous: WheelTimer | undefined;
  next: WheelTimer | undefined;

  constructor(owner: TimerOwner) {
    this.owner = owner;
  }
}

export class TimerWheel {
  readonly #clock: Clock;
  /** First timer of each slot. */
  readonly #slots: (WheelTimer | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  readonly #wake = (): void => this.#turn();
  /** Ticks up to this one are done. */
  #done: number;
  #size = 0;
  #alarm: TimerHandle | undefined;
  /** The tick that the alarm is set for; -Infinity during a turn, which sets it at its end. */
  #alarmTick = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#done = Math.floor(clock.now() / tickMs);
  }

  /** Timers that are set. */
  get size(): number {
    return this.#size;
  }

  /** Sets `timer`, or moves it. `now` saves reading the clock. O(1). */
  set(timer: WheelTimer, at: number, now: number): void {
    if (timer.at === at) return;
    if (timer.at !== Infinity) this.#unlink(timer);
    if (at === Infinity) {
      this.#release();
      return;
    }
    const tick = Math.max(Math.ceil(at / tickMs), this.#done + 1);
    this.#link(timer, at, tick % slotCount);
    if (tick < this.#alarmTick) this.#setAlarm(tick, now);
    else if (this.#size === 1) this.#alarm?.hold(true);
  }

  /** O(1). */
  clear(timer: WheelTimer): void {
    if (timer.at === Infinity) return;
    this.#unlink(timer);
    this.#release();
  }

  /** Lets go of the real timer. Setting a timer takes one again. */
  stop(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#alarmTick = Infinity;
  }

  /** A timer that nobody waits for keeps no process alive. */
  #release(): void {
    if (this.#size === 0) this.#alarm?.hold(false);
  }

  #turn(): void {
    this.#alarm = undefined;
    this.#alarmTick = -Infinity;
    const now = this.#clock.now();
    const last = Math.floor(now / tickMs);
    // After a long stall, one turn visits every slot there is.
    this.#done = Math.max(this.#done, last - slotCount);
    try {
      while (this.#done < last) {
        this.#done += 1;
        this.#fire(this.#done % slotCount, now);
      }
    } catch (error) {
      // What this slot still holds is for the next turn, which comes at once.
      this.#done -= 1;
      throw error;
    } finally {
      this.#alarmTick = Infinity;
      if (this.#size > 0) this.#setAlarm(this.#nextTick(), now);
    }
  }

  #fire(slot: number, now: number): void {
    // What a timer does may set and clear others of this slot, so look again after each. Those of a later turn stay.
    for (let timer = this.#firstDue(slot, now); timer !== undefined; timer = this.#firstDue(slot, now)) {
      this.#unlink(timer);
      timer.owner.onTime(now);
    }
  }

  #firstDue(slot: number, now: number): WheelTimer | undefined {
    let timer = this.#slots[slot];
    while (timer !== undefined && timer.at > now) timer = timer.next;
    return timer;
  }

  #link(timer: WheelTimer, at: number, slot: number): void {
    const first = this.#slots[slot];
    timer.at = at;
    timer.slot = slot;
    timer.next = first;
    if (first !== undefined) first.previous = timer;
    this.#slots[slot] = timer;
    this.#size += 1;
  }

  #unlink(timer: WheelTimer): void {
    const { previous, next } = timer;
    if (previous === undefined) this.#slots[timer.slot] = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    timer.previous = undefined;
    timer.next = undefined;
    timer.at = Infinity;
    this.#size -= 1;
  }

  #nextTick(): number {
    let tick = this.#done + 1;
    while (this.#slots[tick % slotCount] === undefined) tick += 1;
    return tick;
  }

  #setAlarm(tick: number, now: number): void {
    this.#alarm?.cancel();
    this.#alarmTick = tick;
    this.#alarm = this.#clock.setTimer(this.#wake, Math.min(Math.max(0, tick * tickMs - now), longestMs));
  }
}
