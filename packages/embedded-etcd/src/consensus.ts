import type { Clock } from './clock.ts';
import { refusal } from './etcd-error.ts';

/** etcd gives a request 5 s, and two election timeouts of 1 s for a leader to be found. */
const requestTimeoutMs = 7000;

/** etcd ends a stream that needs a leader after three election timeouts without one. */
const leaderlessStreamMs = 3000;

/** What an etcd that has just been started has written to its log: itself as member, its address, its version. */
const firstIndex = 4;

/** What it writes when it is started again: the vote, and the same address and version. */
const entriesOfStart = 3;

/** A single etcd elects itself in its second term. */
const firstTerm = 2;

/** A request that waits for a leader. */
interface Waiter {
  readonly goOn: () => void;
  readonly giveUp: (error: Error) => void;
}

/**
 * The raft group, of which the server plays the one member that answers.
 *
 * It always agrees at once, unless a test takes the leader away. Then it does what a member does that is cut off from the
 * others, as measured on three of which two were stopped: writes and linearizable reads wait and fail, all else goes on as if
 * nothing had happened, and only clients that ask for a leader learn that there is none.
 */
export class Consensus {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  readonly #streams = new Set<() => void>();
  #hasLeader = true;
  #term = firstTerm;
  #index = firstIndex;
  #cancelStreamTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get hasLeader(): boolean {
    return this.#hasLeader;
  }

  /** Grows with each election. */
  get term(): number {
    return this.#term;
  }

  /** Number of entries in the log, one for each write that was asked for. */
  get index(): number {
    return this.#index;
  }

  /** Runs a write once there is a leader. After 7 s without one it fails, and never runs. */
  propose<T>(write: () => T): T | Promise<T> {
    if (!this.#hasLeader) return this.#wait('deadlineExceeded').then(() => this.propose(write));
    this.#index += 1;
    return write();
  }

  /** Runs a read of the newest state once there is a leader to say which that is. */
  confirm<T>(read: () => T): T | Promise<T> {
    return this.#hasLeader ? read() : this.#wait('requestTimedOut').then(() => this.confirm(read));
  }

  /** Runs what only the leader knows: how long leases have left. */
  askLeader<T>(question: () => T): T | Promise<T> {
    return this.#hasLeader ? question() : this.#wait('noLeader').then(() => this.askLeader(question));
  }

  /** Refuses a client that wants a leader while there is none. */
  requireLeader(): void {
    if (!this.#hasLeader) throw refusal('noLeader');
  }

  /** Calls `end` when there has been no leader for 3 s, unless the returned function is called first. */
  guardStream(end: () => void): () => void {
    this.#streams.add(end);
    return () => void this.#streams.delete(end);
  }

  loseLeader(): void {
    if (!this.#hasLeader) return;
    this.#hasLeader = false;
    this.#cancelStreamTimer = this.#clock.schedule(() => {
      for (const end of this.#streams) end();
      this.#streams.clear();
    }, leaderlessStreamMs);
  }

  /** Elects a leader, in a new term. What waited goes on. */
  electLeader(): void {
    if (this.#hasLeader) return;
    this.#hasLeader = true;
    this.#term += 1;
    this.#cancelStreamTimer?.();
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { goOn } of waiters) goOn();
  }

  /** Goes on as after a restart: what waited is refused, and the member elects itself in a new term. */
  restart(): void {
    this.close();
    this.#hasLeader = true;
    this.#term += 1;
    this.#index += entriesOfStart;
  }

  /** Starts from an empty log, as after the loss of the data directory. What waited is refused. */
  reset(): void {
    this.restart();
    this.#term = firstTerm;
    this.#index = firstIndex;
  }

  /** Refuses what waits, and stops its timers. */
  close(): void {
    this.#cancelStreamTimer?.();
    this.#cancelStreamTimer = undefined;
    for (const { giveUp } of this.#waiters) giveUp(refusal('stopped'));
    this.#waiters.clear();
  }

  #wait(reason: 'deadlineExceeded' | 'noLeader' | 'requestTimedOut'): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = this.#clock.schedule(() => {
      this.#waiters.delete(waiter);
      waiter.giveUp(refusal(reason));
    }, requestTimeoutMs);
    const waiter: Waiter = {
      goOn: () => {
        cancel();
        resolve();
      },
      giveUp: (error) => {
        cancel();
        reject(error);
      },
    };
    this.#waiters.add(waiter);
    return promise;
  }
}
