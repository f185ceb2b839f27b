import type { Caller, Etcd } from './etcd.ts';
import { applyDelete, applyPut } from './store/apply.ts';
import { type Key, type KeyRange, singleKey } from './store/key-range.ts';
import { type KeyValue, type LeaseId, noLease } from './store/key-value.ts';

/** Seconds that a claim lasts which was made without a lease. */
const defaultTtl = 60;

/** A key that somebody has put under a name, to be given a turn. */
export interface Claim {
  readonly key: Key;
  readonly lease: LeaseId;
  /** Revision of its creation, which is its place in the line. */
  readonly createdAt: number;
}

/**
 * The line of those who want a name, as etcd's lock and election recipes keep it: each puts a key of its own under the name, held
 * by a lease, and it is the turn of the one whose key was created first. Clients that follow the recipe by themselves, as etcdctl
 * does, stand in the same line.
 */
export class Turns {
  readonly #etcd: Etcd;
  readonly #caller: Caller;
  readonly #range: KeyRange;

  constructor(etcd: Etcd, caller: Caller, name: Key) {
    this.#etcd = etcd;
    this.#caller = caller;
    // The character after the slash is a zero.
    this.#range = { start: `${name}/`, end: `${name}0` };
  }

  /** Whose turn it is; undefined when the line is empty. */
  async first(): Promise<KeyValue | undefined> {
    return this.#etcd.read(this.#caller, false, (user) => {
      this.#etcd.database.auth.requireAccess(user, 'read', this.#range);
      return this.#first();
    });
  }

  /** Joins the line at its end, unless a key of this lease stands in it already: then that one counts, with its value. */
  async join(asked: LeaseId, value: Buffer): Promise<{ readonly claim: Claim; readonly known: KeyValue | undefined }> {
    return this.#etcd.propose(this.#caller, value.length, (user) => {
      const { auth, lessor, store } = this.#etcd.database;
      auth.requireAccess(user, 'read', this.#range);
      auth.requireAccess(user, 'write', this.#range);
      const lease = asked === noLease ? lessor.grant(noLease, defaultTtl).id : asked;
      const key = `${this.#range.start}${BigInt(lease).toString(16)}`;
      const [known] = store.scan(singleKey(key));
      const createdAt = known?.createRevision ?? this.#put(key, lease, value);
      return { claim: { key, lease, createdAt }, known };
    });
  }

  /** Waits until nobody stands before `claim`, or until it is cancelled: then it leaves the line. */
  async wait(claim: Claim, onCancel: (listener: () => void) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if ((this.#first()?.createRevision ?? Infinity) >= claim.createdAt) resolve();
    };
    const stop = this.#etcd.database.hub.add(this.#range, look);
    onCancel(() => {
      this.#remove(claim);
      resolve();
    });
    look();
    await promise;
    stop();
  }

  /** Calls `listener` after each change of the line until the returned function is called. */
  watch(listener: () => void): () => void {
    return this.#etcd.database.hub.add(this.#range, listener);
  }

  /** Sets the value of a claim; false when it no longer stands in the line. */
  async change(claim: Claim, value: Buffer): Promise<boolean> {
    return this.#etcd.propose(this.#caller, value.length, (user) => {
      this.#etcd.database.auth.requireAccess(user, 'write', this.#range);
      const stands = this.#stands(claim);
      if (stands) this.#put(claim.key, claim.lease, value);
      return stands;
    });
  }

  /** Leaves the line. Does nothing for a claim that does not stand in it. */
  async leave(claim: Claim): Promise<void> {
    await this.#etcd.propose(this.#caller, 0, (user) => {
      this.#etcd.database.auth.requireAccess(user, 'write', this.#range);
      this.#remove(claim);
    });
  }

  #first(): KeyValue | undefined {
    let first: KeyValue | undefined;
    for (const kv of this.#etcd.database.store.scan(this.#range)) {
      if (first === undefined || kv.createRevision < first.createRevision) first = kv;
    }
    return first;
  }

  #put(key: Key, lease: LeaseId, value: Buffer): number {
    const { lessor, store } = this.#etcd.database;
    const put = { kind: 'put', key, value: Buffer.from(value), lease, prevKv: false } as const;
    return applyPut(store, put, (id) => lessor.has(id)).revision;
  }

  #remove(claim: Claim): void {
    if (!this.#stands(claim)) return;
    applyDelete(this.#etcd.database.store, { kind: 'delete', range: singleKey(claim.key), prevKv: false });
  }

  #stands({ key, createdAt }: Claim): boolean {
    const [kv] = this.#etcd.database.store.scan(singleKey(key));
    return kv?.createRevision === createdAt;
  }
}
