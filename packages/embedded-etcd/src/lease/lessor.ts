import { randomBytes } from 'node:crypto';
import { type Clock, every } from '../clock.ts';
import { EtcdError } from '../etcd-error.ts';
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
  #stopSweeping: (() => void) | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Grants a lease of at least 2 s under the id asked for, or for `0` under a random one. */
  grant(asked: LeaseId, ttl: number): Lease {
    if (ttl > maxTtl) throw new EtcdError('leaseTtlTooLarge');
    const id = asked === noLease ? this.#freeId() : asked;
    if (this.#leases.has(id)) throw new EtcdError('leaseExists');
    const lease = this.#begin(id, Math.max(ttl, minTtl));
    this.#stopSweeping ??= every(this.#clock, sweepIntervalMs, () => this.#sweep());
    return lease;
  }

  /** Starts a lease's time anew. Undefined when there is none, or its time is over. */
  renew(id: LeaseId): Lease | undefined {
    const lease = this.#leases.get(id);
    return lease === undefined || this.remaining(lease) <= 0 ? undefined : this.#begin(id, lease.ttl);
  }

  /** Ends a lease: all its keys are deleted, at one revision. */
  revoke(id: LeaseId): void {
    if (!this.#leases.delete(id)) throw new EtcdError('leaseNotFound');
    const keys = this.#store.keysOf(id);
    this.#store.write((txn) => {
      for (const key of keys) txn.delete(singleKey(key));
    });
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

  /** Ends no more leases by time. */
  stop(): void {
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
  }

  #begin(id: LeaseId, ttl: number): Lease {
    const lease = { id, ttl, endsAt: this.#clock.now() + ttl * 1000 };
    this.#leases.set(id, lease);
    return lease;
  }

  #sweep(): void {
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
