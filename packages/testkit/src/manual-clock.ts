interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. Timers fire in order of their time, those of the same time as they were set. */
export class ManualClock {
  #now: number;
  readonly #alarms = new Set<Alarm>();

  constructor(now = 0) {
    this.#now = now;
  }

  /** Milliseconds. An arrow, so that it can be passed alone. */
  readonly now = (): number => this.#now;

  /** Timers that have yet to fire. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Calls `callback` once the clock has moved by `delayMs`, unless the returned function is called first. */
  schedule(callback: () => void, delayMs: number): () => void {
    const alarm = { at: this.#now + Math.max(0, delayMs), callback };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Moves the clock, firing each timer at its time, also those that a timer sets. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let due = this.#firstUntil(end); due !== undefined; due = this.#firstUntil(end)) {
      this.#alarms.delete(due);
      this.#now = due.at;
      due.callback();
    }
    this.#now = end;
  }

  #firstUntil(end: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at <= end && (first === undefined || alarm.at < first.at)) first = alarm;
    }
    return first;
  }
}
