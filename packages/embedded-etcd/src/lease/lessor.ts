import { randomBytes } from 'node:crypto';
import { type Clock, every } from '../clock.ts';
import { refusal } from '../etcd-error.ts';
import { singleKey } from '../store/key-range.ts';
import { type LeaseId, noLease } from '../store/key-value.ts';
import type { Store } from '../store/store.ts';

/** A promise to keep keys for a while after the last sign of life. */
export interface Lease {
  readonly id: LeaseId;
  /** Seconds from a renewal to the end. */
  readonly ttl: number;
  /** When it ends, by the lessor's clock. */
  readonly endsAt: number;
  /** Revision of the store when it was granted. */
  readonly grantedAt: number;
}

/** A lease that has ended, and was holding keys when it did. */
interface EndedLease {
  readonly lease: Lease;
  /** Revision at which its keys went. */
  readonly endedAt: number;
}

/** etcd's floor: one and a half election timeouts of 1 s, rounded up. A lease cannot be shorter than it takes to elect a leader. */
const minTtl = 2;
const maxTtl = 9_000_000_000;

/** etcd looks for leases to end twice a second, and ends at most 500 at a time: 1 000 a second when many end together. */
const sweepIntervalMs = 500;
const maxEndedBySweep = 500;

/** Grants leases, and deletes their keys when they end. */
export class Lessor {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #leases = new Map<LeaseId, Lease>();
  /** Kept as long as the store could be rewound to when they were alive. */
  #ended: EndedLease[] = [];
  #paused = false;
  #stopSweeping: (() => void) | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Grants a lease of at least 2 s under the id asked for, or for `0` under a random one. */
  grant(asked: LeaseId, ttl: number): Lease {
    if (ttl > maxTtl) throw refusal('leaseTtlTooLarge');
    const id = asked === noLease ? this.#freeId() : asked;
    if (this.#leases.has(id)) throw refusal('leaseExists');
    const lease = this.#begin({ id, ttl: Math.max(ttl, minTtl), grantedAt: this.#store.revision });
    this.#startSweeping();
    return lease;
  }

  /** Starts a lease's time anew. Undefined when there is none, or its time is over. */
  renew(id: LeaseId): Lease | undefined {
    const lease = this.#leases.get(id);
    return lease === undefined || this.remaining(lease) <= 0 ? undefined : this.#begin(lease);
  }

  /** Ends a lease: all its keys are deleted, at one revision. */
  revoke(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw refusal('leaseNotFound');
    this.#leases.delete(id);
    const keys = this.#store.keysOf(id);
    this.#store.write((txn) => {
      for (const key of keys) txn.delete(singleKey(key));
    });
    if (keys.length > 0) this.#ended.push({ lease, endedAt: this.#store.revision });
    if (this.#leases.size === 0) this.stop();
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  get(id: LeaseId): Lease | undefined {
    return this.#leases.get(id);
  }

  /** Seconds left of a lease; negative when it is about to be ended. */
  remaining(lease: Lease): number {
    return (lease.endsAt - this.#clock.now()) / 1000;
  }

  /** All leases, the one to end next first. O(n log n). */
  list(): readonly Lease[] {
    return [...this.#leases.values()].toSorted((a, b) => a.endsAt - b.endsAt);
  }

  /** Ends no lease by time until {@link resume}; their time goes on. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on ending leases, at once those whose time went over meanwhile. */
  resume(): void {
    this.#paused = false;
    this.#sweep();
  }

  /** Starts the time of every lease anew, as a leader does for those it finds when it is elected or started. */
  renewAll(): void {
    for (const lease of this.#leases.values()) this.#begin(lease);
  }

  /** Told that the store can no longer be rewound to below `revision`. */
  compact(revision: number): void {
    this.#ended = this.#ended.filter(({ endedAt }) => endedAt > revision);
  }

  /** Told that the store was rewound to `revision`: what was granted since is gone, what has ended since is back. */
  rewind(revision: number): void {
    for (const lease of this.#leases.values()) {
      if (lease.grantedAt > revision) this.#leases.delete(lease.id);
    }
    for (const { lease, endedAt } of this.#ended) {
      if (endedAt > revision && lease.grantedAt <= revision) this.#leases.set(lease.id, lease);
    }
    this.#ended = this.#ended.filter(({ endedAt }) => endedAt <= revision);
    this.renewAll();
    if (this.#leases.size > 0) this.#startSweeping();
  }

  /** Looks no more for leases that are over, until one is granted. */
  stop(): void {
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
  }

  #begin({ id, ttl, grantedAt }: Omit<Lease, 'endsAt'>): Lease {
    const lease = { id, ttl, grantedAt, endsAt: this.#clock.now() + ttl * 1000 };
    this.#leases.set(id, lease);
    return lease;
  }

  #startSweeping(): void {
    this.#stopSweeping ??= every(this.#clock, sweepIntervalMs, () => this.#sweep());
  }

  #sweep(): void {
    if (this.#paused) return;
    const now = this.#clock.now();
    const over = [...this.#leases.values()].filter(({ endsAt }) => endsAt <= now);
    over.sort((a, b) => a.endsAt - b.endsAt);
    for (const { id } of over.slice(0, maxEndedBySweep)) this.revoke(id);
  }

  #freeId(): LeaseId {
    for (;;) {
      const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
      if (id !== noLease && !this.#leases.has(id)) return id;
    }
  }
}
