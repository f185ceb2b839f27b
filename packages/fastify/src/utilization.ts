import { type EventLoopUtilization, performance as node } from 'node:perf_hooks';

/** How busy the process is, averaged over this long at least: one answer's instant says nothing. */
const sampleMs = 500;

/** How much was held on average since the last sample, in time. O(1). */
export class HeldMean {
  #held = 0;
  #at: number;
  #area = 0;
  #since: number;
  #last = 0;

  constructor(now: number) {
    this.#at = now;
    this.#since = now;
  }

  /** From `now` on so much is held. */
  set(held: number, now: number): void {
    this.#area += this.#held * (now - this.#at);
    this.#at = now;
    this.#held = held;
  }

  read(now: number): number {
    const passed = now - this.#since;
    if (passed >= sampleMs) {
      this.set(this.#held, now);
      this.#last = this.#area / passed;
      this.#area = 0;
      this.#since = now;
    }
    return this.#last;
  }
}

/** The part of the time in which the event loop worked: all the CPU that one Node process has for JavaScript. */
export class LoopUtilization {
  #before: EventLoopUtilization = node.eventLoopUtilization();
  #at: number;
  #last = 0;

  constructor(now: number) {
    this.#at = now;
  }

  read(now: number): number {
    if (now - this.#at >= sampleMs) {
      const current = node.eventLoopUtilization();
      this.#last = node.eventLoopUtilization(current, this.#before).utilization;
      this.#before = current;
      this.#at = now;
    }
    return this.#last;
  }
}
