/**
 * What a provider of the race can carry: slots that hold a request for as long as its work takes, and a bounded queue before them.
 *
 * Work is a wait, so that two cores carry any number of providers. It belongs to the request, which brings it along: whoever serves
 * it, it is the same work. A station may consist of several groups of slots behind one queue; with those of all providers it is the
 * best that any way of spreading requests could do, since nobody ever waits while a slot is free.
 */
export interface SlotGroup {
  readonly slots: number;
}

/** How a request ended here: `served`, or `refused` because the queue was full. */
export type Ended = 'served' | 'refused';

interface Group {
  free: number;
  /** How many times as long as it says its work takes. */
  slowness: number;
}

interface Job {
  readonly workMs: number;
  readonly ended: (how: Ended) => void;
}

/** Told how much later than planned some work ended: a millisecond by the grain of timers, more by an event loop that was late. */
export type OnLate = (lateMs: number) => void;

export class Station {
  readonly #groups: readonly Group[];
  readonly #queueLimit: number;
  readonly #onLate: OnLate;
  readonly #waiting = new Set<Job>();

  constructor(groups: readonly SlotGroup[], queueLimit: number, onLate: OnLate) {
    this.#groups = groups.map(({ slots }) => ({ free: slots, slowness: 1 }));
    this.#queueLimit = queueLimit;
    this.#onLate = onLate;
  }

  /** Takes in a request and returns what makes it leave while it still waits; work that has begun goes on, as it would in a process. */
  enter(workMs: number, ended: (how: Ended) => void): () => void {
    const job: Job = { workMs, ended };
    if (!this.#begin(job)) {
      if (this.#waiting.size >= this.#queueLimit) ended('refused');
      else this.#waiting.add(job);
    }
    return () => void this.#waiting.delete(job);
  }

  /** What begins from now on takes `slowness` times as long; what is under way ends when it would have. */
  slow(group: number, slowness: number): void {
    const slowed = this.#groups[group];
    if (slowed !== undefined) slowed.slowness = slowness;
  }

  /** Begins the work in the fastest group that has a slot. */
  #begin(job: Job): boolean {
    let fastest: Group | undefined;
    for (const group of this.#groups) {
      if (group.free > 0 && (fastest === undefined || group.slowness < fastest.slowness)) fastest = group;
    }
    if (fastest === undefined) return false;
    this.#work(job, fastest);
    return true;
  }

  #work({ workMs, ended }: Job, group: Group): void {
    group.free -= 1;
    const takesMs = workMs * group.slowness;
    const due = performance.now() + takesMs;
    setTimeout(() => {
      this.#onLate(performance.now() - due);
      group.free += 1;
      ended('served');
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#begin(next);
    }, takesMs);
  }
}
