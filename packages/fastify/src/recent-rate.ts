const windowSeconds = 10;

/** Events a second over the last ten seconds, as exact counts by the second. O(1) an event, O(10) a reading. `now` is milliseconds from 0 up. */
export class RecentRate {
  readonly #slots = Array.from({ length: windowSeconds }, () => ({ second: -Infinity, count: 0 }));
  readonly #startedAt: number;

  constructor(now: number) {
    this.#startedAt = now;
  }

  add(now: number): void {
    const second = Math.floor(now / 1000);
    const slot = this.#slots[second % windowSeconds];
    if (slot === undefined) return;
    if (slot.second !== second) Object.assign(slot, { second, count: 0 });
    slot.count += 1;
  }

  /** The second that is not over counts for the part that has passed. Before ten seconds have passed, the time since the start counts. */
  perSecond(now: number): number {
    const second = Math.floor(now / 1000);
    let count = 0;
    for (const slot of this.#slots) {
      if (slot.second > second - windowSeconds && slot.second <= second) count += slot.count;
    }
    const passed = Math.min((now - this.#startedAt) / 1000, windowSeconds - 1 + (now / 1000 - second));
    return count / Math.max(1, passed);
  }
}
