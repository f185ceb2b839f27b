/** Time and timers. A test may pass a clock that it moves by hand. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now, unless the returned function is called first. */
  schedule(callback: () => void, delayMs: number): () => void;
}

/** The clock of this machine. It is monotonic, as etcd's is: setting the wall clock moves no lease. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Calls `callback` every `intervalMs` until the returned function is called. */
export function every(clock: Clock, intervalMs: number, callback: () => void): () => void {
  let cancel = clock.schedule(tick, intervalMs);
  function tick(): void {
    cancel = clock.schedule(tick, intervalMs);
    callback();
  }
  return () => cancel();
}
