/**
 * Applies operations to the store: each as one write, with one revision for all that it changes.
 *
 * etcd first follows the compares through the whole tree of txns, then checks every operation on the branches to be taken, and
 * only then runs them. So a nested compare does not see what its own txn has put, and what is refused has changed nothing.
 */
import { refusal } from '../etcd-error.ts';
import { holds } from './compare.ts';
import { singleKey } from './key-range.ts';
import { type KeyValue, type LeaseId, noLease } from './key-value.ts';
import type {
  DeleteOperation,
  DeleteResult,
  Operation,
  PutOperation,
  PutResult,
  RangeOperation,
  Result,
  TxnOperation,
  TxnResult,
} from './operations.ts';
import { readRange } from './range.ts';
import type { Store, View, WriteTxn } from './store.ts';

/** Whether a lease is there to be put under. */
export type LeaseExists = (lease: LeaseId) => boolean;

export function applyPut(store: Store, put: PutOperation, leaseExists: LeaseExists): PutResult {
  checkLease(put, leaseExists);
  checkKept(store, put);
  return store.write((txn) => runPut(txn, put));
}

export function applyDelete(store: Store, operation: DeleteOperation): DeleteResult {
  return store.write((txn) => runDelete(txn, operation));
}

export function applyTxn(store: Store, operation: TxnOperation, leaseExists: LeaseExists): TxnResult {
  const decided = decideTxn(store, operation);
  // The order decides which of two errors a client sees. Alone a put is asked for its lease first, in a txn last.
  check(decided, (step) => {
    if (step.kind !== 'put') return;
    checkKept(store, step);
    checkLease(step, leaseExists);
  });
  check(decided, (step) => {
    if (step.kind === 'range') checkRange(store, step);
  });
  return store.write((txn) => runTxn(txn, decided));
}

/** A txn whose compares have been made. */
interface DecidedTxn {
  readonly kind: 'decided';
  readonly succeeded: boolean;
  readonly steps: readonly Step[];
}

type Step = PutOperation | DeleteOperation | RangeOperation | DecidedTxn;

function decideTxn(view: View, { compares, success, failure }: TxnOperation): DecidedTxn {
  const succeeded = compares.every((compare) => holds(view, compare));
  const branch = succeeded ? success : failure;
  return { kind: 'decided', succeeded, steps: branch.map((operation) => decide(view, operation)) };
}

function decide(view: View, operation: Operation): Step {
  return operation.kind === 'txn' ? decideTxn(view, operation) : operation;
}

/** Makes a check of every step, those of inner txns included. */
function check({ steps }: DecidedTxn, makeCheck: (step: Exclude<Step, DecidedTxn>) => void): void {
  for (const step of steps) {
    if (step.kind === 'decided') check(step, makeCheck);
    else makeCheck(step);
  }
}

function checkKept(store: Store, put: PutOperation): void {
  if (keepsSomething(put) && currentOf(store, put) === undefined) throw refusal('keyNotFound');
}

function checkLease({ lease = noLease }: PutOperation, leaseExists: LeaseExists): void {
  if (lease !== noLease && !leaseExists(lease)) throw refusal('leaseNotFound');
}

function checkRange({ revision, compactedRevision }: Store, { query }: RangeOperation): void {
  if (query.revision > revision) throw refusal('futureRevision');
  // Below zero too, which outside a txn means the current revision.
  if (query.revision !== 0 && query.revision < compactedRevision) throw refusal('compacted');
}

function run(txn: WriteTxn, step: Step): Result {
  switch (step.kind) {
    case 'put':
      return runPut(txn, step);
    case 'delete':
      return runDelete(txn, step);
    case 'range':
      return { kind: 'range', revision: txn.revision, range: readRange(txn, step.query) };
    case 'decided':
      return runTxn(txn, step);
    default:
      return step satisfies never;
  }
}

function runPut(txn: WriteTxn, put: PutOperation): PutResult {
  const current = keepsSomething(put) ? currentOf(txn, put) : undefined;
  const value = put.value ?? current?.value ?? Buffer.alloc(0);
  const previous = txn.put(put.key, value, put.lease ?? current?.lease ?? noLease);
  return { kind: 'put', revision: txn.revision, prevKv: put.prevKv ? previous : undefined };
}

function runDelete(txn: WriteTxn, { range, prevKv }: DeleteOperation): DeleteResult {
  const deleted = txn.delete(range);
  return { kind: 'delete', revision: txn.revision, deleted: deleted.length, prevKvs: prevKv ? deleted : [] };
}

function runTxn(txn: WriteTxn, { succeeded, steps }: DecidedTxn): TxnResult {
  return { kind: 'txn', succeeded, results: steps.map((step) => run(txn, step)) };
}

function keepsSomething({ value, lease }: PutOperation): boolean {
  return value === undefined || lease === undefined;
}

function currentOf(view: View, { key }: PutOperation): KeyValue | undefined {
  const [kv] = view.scan(singleKey(key));
  return kv;
}
