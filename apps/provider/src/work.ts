import { setTimeout as after } from 'node:timers/promises';

import type { CapacityConfig } from './config.ts';

/** The part of a request that takes time but no computing, such as the 50 ms of sleep in the race. */
export class Work {
  readonly #config: Pick<CapacityConfig, 'workMs' | 'workDistribution'>;

  constructor(config: Pick<CapacityConfig, 'workMs' | 'workDistribution'>) {
    this.#config = config;
  }

  /** Resolves when it is done. Rejects with the reason of `signal` as soon as that aborts: nobody waits for the answer then. */
  async done(signal: AbortSignal): Promise<void> {
    const { workMs, workDistribution } = this.#config;
    const ms = workDistribution === 'fixed' ? workMs : -Math.log(1 - Math.random()) * workMs;
    if (ms > 0) await after(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
