interface Alarm {
  readonly at: number;
  /** In the order of being set. */
  readonly number: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** A clock that stands still until it is moved. Timers fire in order of their time, those of the same time as they were set. */
export class ManualClock {
  #now: number;
  /** A binary heap, earliest first. Cancelled alarms stay in it until their turn. */
  readonly #alarms: Alarm[] = [];
  #set = 0;
  #pending = 0;

  constructor(now = 0) {
    this.#now = now;
  }

  /** Milliseconds. An arrow, so that it can be passed alone. */
  readonly now = (): number => this.#now;

  /** Timers that have yet to fire. */
  get pending(): number {
    return this.#pending;
  }

  /** When the next timer fires; Infinity when there is none. */
  get next(): number {
    return this.#first()?.at ?? Infinity;
  }

  /** Calls `callback` once the clock has moved by `delayMs`, unless the returned function is called first. O(log timers). */
  schedule(callback: () => void, delayMs: number): () => void {
    const alarm = { at: this.#now + Math.max(0, delayMs), number: (this.#set += 1), callback, cancelled: false };
    this.#push(alarm);
    this.#pending += 1;
    return () => {
      if (alarm.cancelled) return;
      alarm.cancelled = true;
      this.#pending -= 1;
    };
  }

  /** Moves the clock, firing each timer at its time, also those that a timer sets. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#fireUntil(end));
    this.#now = end;
  }

  /**
   * As {@link advance}, and waits for `settle` after each timer: promises that a timer resolves go on before the next one fires, as
   * they do when time passes by itself.
   */
  async run(ms: number, settle: () => Promise<void> = nextTurn): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (this.#fireUntil(end)) await settle();
    this.#now = end;
  }

  /** Fires the next timer if it is due by `end`. */
  #fireUntil(end: number): boolean {
    const alarm = this.#first();
    if (alarm === undefined || alarm.at > end) return false;
    this.#pop();
    this.#pending -= 1;
    alarm.cancelled = true;
    this.#now = alarm.at;
    alarm.callback();
    return true;
  }

  #first(): Alarm | undefined {
    while (this.#alarms[0]?.cancelled === true) this.#pop();
    return this.#alarms[0];
  }

  #push(alarm: Alarm): void {
    const heap = this.#alarms;
    let index = heap.push(alarm) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isEarlier(alarm, heap[parent])) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#alarms;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = isEarlier(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!isEarlier(heap[child], last)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #swap(one: number, other: number): void {
    const heap = this.#alarms;
    const alarm = heap[one];
    if (alarm === undefined || heap[other] === undefined) return;
    heap[one] = heap[other];
    heap[other] = alarm;
  }
}

/** Nothing is later than anything. */
function isEarlier(one: Alarm | undefined, other: Alarm | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.at < other.at || (one.at === other.at && one.number < other.number);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
