import { ManualClock } from '@lb/testkit';

/** Something that moves while there is anything to do: what is quiet for a while of turns has nothing left to do. */
export interface Busy {
  readonly activity: number;
}

/** How many turns of the event loop lie between two things that happen one because of the other, at most. */
const quietTurns = 10;

/**
 * Time for the registry and time for etcd, moved together by hand. The network is real: after each timer, and before the next, all that
 * is on its way arrives.
 */
export class VirtualTime {
  /** Of the registry under test. */
  readonly ours = new ManualClock();
  readonly etcds = new ManualClock();
  readonly #busy: () => Busy | undefined;

  constructor(busy: () => Busy | undefined) {
    this.#busy = busy;
  }

  now(): number {
    return this.ours.now();
  }

  /** Lets `ms` milliseconds pass. Fires what is due now, too, when they are none. */
  async pass(ms: number): Promise<void> {
    const end = this.now() + ms;
    await this.settle();
    do {
      const step = Math.max(0, Math.min(this.ours.next, this.etcds.next, end) - this.now());
      this.ours.advance(step);
      this.etcds.advance(step);
      await this.settle();
    } while (this.now() < end);
  }

  /** Lets time pass, timer by timer, until `done`, and returns how much has; `undefined` when that is not so within `limitMs`. */
  async until(done: () => boolean | Promise<boolean>, limitMs: number): Promise<number | undefined> {
    const start = this.now();
    await this.settle();
    while (!(await done())) {
      const left = start + limitMs - this.now();
      if (left <= 0) return undefined;
      await this.pass(Math.min(Math.max(0, Math.min(this.ours.next, this.etcds.next) - this.now()), left));
    }
    return this.now() - start;
  }

  /** Waits until nothing is on its way any more. No time passes. */
  async settle(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < quietTurns; quiet += 1) {
      const activity = this.#busy()?.activity ?? 0;
      if (activity !== seen) quiet = 0;
      seen = activity;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }
}
