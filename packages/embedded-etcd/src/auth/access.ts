/** Who may do what with keys: the checks that etcd 3.4 makes before it applies an operation, and no more than those. */
import { singleKey } from '../store/key-range.ts';
import { type LeaseId, noLease } from '../store/key-value.ts';
import type { DeleteOperation, PutOperation, RangeOperation, TxnOperation } from '../store/operations.ts';
import type { Store } from '../store/store.ts';
import type { AuthStore, UserName } from './auth-store.ts';

export function checkRange(auth: AuthStore, user: UserName, { query }: RangeOperation): void {
  auth.requireAccess(user, 'read', query.range);
}

export function checkPut(auth: AuthStore, user: UserName, put: PutOperation, store: Store): void {
  const range = singleKey(put.key);
  auth.requireAccess(user, 'write', range);
  // Who lets a key go with a lease that others keep alive, or that holds keys of others, must be able to write those too.
  if (put.lease !== undefined && put.lease !== noLease) checkLease(auth, user, put.lease, store);
  if (put.prevKv) auth.requireAccess(user, 'read', range);
}

export function checkDelete(auth: AuthStore, user: UserName, { range, prevKv }: DeleteOperation): void {
  auth.requireAccess(user, 'write', range);
  if (prevKv) auth.requireAccess(user, 'read', range);
}

/** Checks both branches, whichever is taken. What a put gives back, its lease and inner txns are not checked, as in etcd. */
export function checkTxn(auth: AuthStore, user: UserName, { compares, success, failure }: TxnOperation): void {
  for (const { range } of compares) auth.requireAccess(user, 'read', range);
  for (const operation of [...success, ...failure]) {
    if (operation.kind === 'range') checkRange(auth, user, operation);
    if (operation.kind === 'put') auth.requireAccess(user, 'write', singleKey(operation.key));
    if (operation.kind === 'delete') checkDelete(auth, user, operation);
  }
}

/** Checks every key that ends with `lease`. */
export function checkLease(auth: AuthStore, user: UserName, lease: LeaseId, store: Store): void {
  for (const key of store.keysOf(lease)) auth.requireAccess(user, 'write', singleKey(key));
}
