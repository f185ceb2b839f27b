// The global of that name is a getter, which adds a third to what reading the clock takes.
import { performance } from 'node:perf_hooks';

/** Time as this package uses it. Monotonic, so that a wall clock set back an hour moves no deadline. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  readonly now: () => number;
  /** Calls `callback` once, after `delayMs`. */
  setTimer(callback: () => void, delayMs: number): TimerHandle;
}

export interface TimerHandle {
  cancel(): void;
  /** Whether the timer keeps the process alive. */
  hold(alive: boolean): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return {
      cancel: () => clearTimeout(timer),
      hold: (alive) => void (alive ? timer.ref() : timer.unref()),
    };
  },
};
