/**
 * Keeps a view equal to what etcd holds under a prefix: epoch after epoch, for as long as it runs. Between them, and for as long as
 * etcd is away, the view stays as it is: a registry that cannot be read says nothing about its providers.
 */
import { Backoff } from '../backoff.ts';
import { type Clock, sleep } from '../clock.ts';
import type { EtcdClient } from '../etcd/etcd-client.ts';
import { runEpoch } from './epoch.ts';
import type { EpochEnd, EpochEndReason } from './epoch-end.ts';
import type { Followed } from './view.ts';
import type { EpochTimings } from './watching.ts';

/** What is known of how well a prefix is followed. */
export interface FollowStatus {
  /** Whether what is known of it may be out of date, and why. */
  readonly stale: false | EpochEndReason | 'connecting';
  /** Milliseconds since etcd last said anything; infinite before it has. */
  readonly ageMs: number;
  /** Epochs that ended, by reason. */
  readonly epochs: Readonly<Partial<Record<EpochEndReason, number>>>;
  /** Changes that etcd has sent, not counting lists. */
  readonly events: number;
  /** Keys that we were silently wrong about, until a list put them right. */
  readonly repairs: number;
  /** Keys in use. */
  readonly keys: number;
  /** Keys that are there and not used: invalid, or more than there is room for. */
  readonly unusedKeys: number;
}

export interface FollowerOptions {
  readonly client: EtcdClient;
  readonly prefix: string;
  readonly view: Followed;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** The view has been listed anew. */
  readonly onListed: () => void;
  /** Events were applied to the view. */
  readonly onEvents: () => void;
  /** The view may be out of date from now on; `attempt` counts from 1 since it last was not. */
  readonly onLost: (end: EpochEnd, attempt: number) => void;
  /** The view is current again, after so many milliseconds. */
  readonly onCurrent: (afterMs: number) => void;
  /** A list has found keys that we were silently wrong about. */
  readonly onRepaired: (keys: number) => void;
}

export class Follower {
  readonly #options: FollowerOptions;
  readonly #epochs: Partial<Record<EpochEndReason, number>> = {};
  #stale: FollowStatus['stale'] = 'connecting';
  #staleSince: number;
  #heardAt = -Infinity;
  #attempt = 0;
  #events = 0;
  #repairs = 0;
  #listed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#staleSince = options.clock.now();
  }

  /** Whether there has been a list. */
  get listed(): boolean {
    return this.#listed;
  }

  get status(): FollowStatus {
    const { clock, view } = this.#options;
    return {
      stale: this.#stale,
      ageMs: clock.now() - this.#heardAt,
      epochs: { ...this.#epochs },
      events: this.#events,
      repairs: this.#repairs,
      keys: view.size,
      unusedKeys: view.unused,
    };
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(): Promise<void> {
    const { clock, random, signal } = this.#options;
    const usual = new Backoff(reconnect, random);
    const refused = new Backoff(afterRefusal, random);
    while (!signal.aborted) {
      const startedAt = clock.now();
      const end = await this.#epoch();
      if (end.reason === 'closed') return;
      this.#epochs[end.reason] = (this.#epochs[end.reason] ?? 0) + 1;
      if (end.reason === 'renewal') continue;
      this.#lost(end);
      // An epoch that could be listed but not watched must not be tried again at full speed.
      if (clock.now() - startedAt >= settledMs) {
        usual.reset();
        refused.reset();
      }
      await sleep(clock, (end.reason === 'denied' ? refused : usual).next(), signal);
    }
  }

  #epoch(): Promise<EpochEnd> {
    const { client, prefix, view, clock, random, signal, onListed, onEvents, onRepaired } = this.#options;
    return runEpoch({
      client,
      prefix,
      view,
      clock,
      random,
      signal,
      timings,
      onHeard: () => (this.#heardAt = clock.now()),
      onListed: (repaired) => {
        this.#listed = true;
        this.#repairs += repaired;
        if (repaired > 0) onRepaired(repaired);
        onListed();
      },
      onWatching: () => this.#current(),
      onEvents: (count) => {
        this.#events += count;
        onEvents();
      },
    });
  }

  #lost(end: EpochEnd): void {
    const { clock, onLost } = this.#options;
    if (this.#stale === false) this.#staleSince = clock.now();
    this.#stale = end.reason;
    this.#attempt += 1;
    onLost(end, this.#attempt);
  }

  #current(): void {
    if (this.#stale === false) return;
    const { clock, onCurrent } = this.#options;
    this.#stale = false;
    this.#attempt = 0;
    onCurrent(clock.now() - this.#staleSince);
  }
}

/** At most about one try a second while etcd is away: half of the cap on average. */
const reconnect = { baseMs: 100, capMs: 2000 };

/** Whoever is refused will be again, and etcd takes a tenth of a second of work to check a password. */
const afterRefusal = { baseMs: 1000, capMs: 15_000 };

/** How long an epoch must have lasted for the next trouble to count as the first. */
const settledMs = 5000;

/**
 * A hung stream is left 4.9 s after its last sign of life at the latest, and the view is called stale: 2.6 s and a tenth until it is asked, 2 s
 * to answer. Comparing makes etcd read the whole prefix, 24 ms at 10 000 keys, so it is done twice a minute; with its second looks it bounds
 * almost every silent failure at 38 s. It looks at the number of keys and at the newest, so a change that was lost behind a newer one waits
 * for the next list.
 */
export const timings: EpochTimings = {
  probeEveryMs: 2600,
  probeTimeoutMs: 2000,
  compareEveryMs: 30_000,
  renewAfterMs: 600_000,
};
