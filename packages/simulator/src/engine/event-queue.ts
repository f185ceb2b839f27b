/**
 * What will happen, in order of time; what was put in first comes first among equals, which is what makes runs repeatable.
 *
 * A binary heap in typed arrays: nothing is allocated for an event. A simulated cluster has some hundred thousand events pending at
 * the most, where calendar queues gain little and need tuning. Events cannot be taken out. What became void (a time-out after the answer)
 * is told by its `version`: the subject has moved on to another.
 */
import { grown } from './grown.ts';

export class EventQueue {
  /** The event that {@link next} took out. */
  time = 0;
  kind = 0;
  subject = 0;
  version = 0;

  #size = 0;
  #pushed = 0;
  #times = new Float64Array(1024);
  /** Order of pushing. Counts to 2^53, which a year of simulating does not reach. */
  #orders = new Float64Array(1024);
  #kinds = new Uint8Array(1024);
  #subjects = new Int32Array(1024);
  #versions = new Int32Array(1024);

  get size(): number {
    return this.#size;
  }

  /** When the next event is; Infinity when there is none. */
  get nextTime(): number {
    return this.#size === 0 ? Infinity : this.#times[0]!;
  }

  /** O(log n). */
  push(time: number, kind: number, subject: number, version: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    let hole = this.#size;
    this.#size += 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      // A later push is never before an equal one, so the order needs no look here.
      if (times[parent]! <= time) break;
      this.#move(parent, hole);
      hole = parent;
    }
    times[hole] = time;
    this.#orders[hole] = this.#pushed;
    this.#pushed += 1;
    this.#kinds[hole] = kind;
    this.#subjects[hole] = subject;
    this.#versions[hole] = version;
  }

  /** Takes the next event out and into the fields of this object; false when there is none. O(log n). */
  next(): boolean {
    if (this.#size === 0) return false;
    this.time = this.#times[0]!;
    this.kind = this.#kinds[0]!;
    this.subject = this.#subjects[0]!;
    this.version = this.#versions[0]!;
    this.#size -= 1;
    if (this.#size > 0) this.#sink(this.#size);
    return true;
  }

  /** Puts the entry at `last` where it belongs, from the top down. */
  #sink(last: number): void {
    const times = this.#times;
    const orders = this.#orders;
    const time = times[last]!;
    const order = orders[last]!;
    const size = this.#size;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      const right = child + 1;
      const childTime = times[child]!;
      let least = childTime;
      if (right < size) {
        const rightTime = times[right]!;
        if (rightTime < childTime || (rightTime === childTime && orders[right]! < orders[child]!)) {
          child = right;
          least = rightTime;
        }
      }
      if (time < least || (time === least && order < orders[child]!)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#move(last, hole);
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#orders[to] = this.#orders[from]!;
    this.#kinds[to] = this.#kinds[from]!;
    this.#subjects[to] = this.#subjects[from]!;
    this.#versions[to] = this.#versions[from]!;
  }

  #grow(): void {
    const size = this.#times.length * 2;
    this.#times = grown(this.#times, new Float64Array(size));
    this.#orders = grown(this.#orders, new Float64Array(size));
    this.#kinds = grown(this.#kinds, new Uint8Array(size));
    this.#subjects = grown(this.#subjects, new Int32Array(size));
    this.#versions = grown(this.#versions, new Int32Array(size));
  }
}
