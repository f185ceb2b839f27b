import type { Etcd } from './etcd.ts';
import type { Front } from './net/front.ts';

/**
 * What goes wrong with a real etcd, on demand. Each does what was measured on etcd 3.4.23, told with it.
 */
export class Faults {
  readonly #etcd: Etcd;
  readonly #front: Front;
  readonly #reopen: () => Promise<void>;
  #frozen = false;
  #crashed = false;

  /** Found as `faults` on the server that {@link startEtcd} returns. */
  constructor(etcd: Etcd, front: Front, reopen: () => Promise<void>) {
    this.#etcd = etcd;
    this.#front = front;
    this.#reopen = reopen;
  }

  /**
   * Stops the process, as SIGSTOP does: connections are still accepted, but nothing is answered, no ping either, and no lease
   * ends. What clients send meanwhile is done at {@link thaw}, even if they have given up on it.
   */
  freeze(): void {
    this.#frozen = true;
    this.#front.gate.freeze();
    this.#settleLeases();
  }

  /** Lets the process go on, as SIGCONT does. Leases whose time went over meanwhile end at once. */
  thaw(): void {
    this.#frozen = false;
    this.#settleLeases();
    this.#front.gate.thaw();
  }

  /** Cuts every connection. New ones are accepted at once. */
  dropConnections(): void {
    this.#front.gate.drop();
  }

  /** Kills the process, as SIGKILL does: connections are cut, new ones are refused, and no lease ends, until {@link restart}. */
  async crash(): Promise<void> {
    this.#crashed = true;
    this.#settleLeases();
    await this.#front.shut();
  }

  /**
   * Starts the process again on its data and its port, after killing it if it runs: neither frozen nor without a leader, in a new
   * raft term. Every lease has its full time again, and tokens are no longer known. Throws {@link PortTakenError} when another
   * process has taken the port meanwhile.
   */
  async restart(): Promise<void> {
    await this.crash();
    await this.#reopen();
    this.#startAgain();
  }

  /**
   * Loses all data, as when the process is killed and started again on an empty directory. Connections are cut. What follows
   * starts at revision 1, under the same cluster id, member id and raft term: only the revision shows it.
   */
  wipe(): void {
    this.#front.gate.drop();
    this.#etcd.wipe();
    this.thaw();
  }

  /**
   * Goes back to what was stored at `revision`, as when an older snapshot is restored. Connections are cut, leases that were
   * granted since are gone, those that have ended since are back, and tokens are no longer known. Throws a RangeError for a
   * revision that is compacted or to come.
   */
  rewind(revision: number): void {
    const { store, lessor } = this.#etcd.database;
    store.rewind(revision);
    lessor.rewind(revision);
    this.#front.gate.drop();
    this.#startAgain();
  }

  /** Compacts all history: only the current revision can be read and watched from. */
  compactNow(): void {
    const { store } = this.#etcd.database;
    if (store.compactedRevision < store.revision) this.#etcd.database.compact(store.revision);
  }

  /** Ends a lease as if its time were over. Throws a RangeError when there is none of this id. */
  expire(leaseId: string): void {
    const { lessor } = this.#etcd.database;
    if (!lessor.has(leaseId)) throw new RangeError(`There is no lease ${leaseId}`);
    lessor.revoke(leaseId);
  }

  /**
   * Takes the leader away, as when the other members are cut off, or brings one back. Without one, writes and linearizable
   * reads wait for 7 s and fail; serializable reads, watches and this member's status go on, silently out of date; a client
   * that sends `hasleader` is refused at once, and its streams end after 3 s. No lease ends. A leader that comes back starts a new
   * raft term, and gives each lease its full time.
   */
  noLeader(on: boolean): void {
    const { consensus, database } = this.#etcd;
    if (on) {
      consensus.loseLeader();
    } else if (!consensus.hasLeader) {
      database.lessor.renewAll();
      consensus.electLeader();
    }
    this.#settleLeases();
  }

  /** Holds everything that the server sends for this many milliseconds; 0 ends it. */
  delay(delayMs: number): void {
    this.#front.gate.delay(delayMs);
  }

  /** Refuses every new watch, as to a user without permission. Watches that are there go on. */
  denyWatch(on: boolean): void {
    this.#etcd.watchesDenied = on;
  }

  #startAgain(): void {
    const { lessor, tokens } = this.#etcd.database;
    this.#crashed = false;
    this.#etcd.consensus.restart();
    lessor.renewAll();
    tokens.clear();
    this.thaw();
  }

  /** Lets leases end, or not, as the process and its leader allow. */
  #settleLeases(): void {
    const { consensus, database } = this.#etcd;
    if (this.#frozen || this.#crashed || !consensus.hasLeader) database.lessor.pause();
    else database.lessor.resume();
  }
}
