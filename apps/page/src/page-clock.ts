/** Time, as the page needs it: passed in, so that five minutes can pass at once. */
export interface PageClock {
  /** Monotonic, in milliseconds: the clock of the balancer's pool. */
  readonly now: () => number;
  /** Of the day, in milliseconds since the Unix epoch. */
  readonly wallClock: () => number;
  /** Calls `tick` about once a second. Returns what ends it. */
  readonly everySecond: (tick: () => void) => () => void;
}

export const systemClock: PageClock = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  everySecond: (tick) => {
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  },
};
