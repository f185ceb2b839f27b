import { refusal } from '../etcd-error.ts';
import { includes, type Key, type KeyRange } from './key-range.ts';
import type { Operation } from './operations.ts';

interface Touched {
  readonly puts: Set<Key>;
  readonly deletes: KeyRange[];
}

/**
 * Refuses a txn that may put a key twice, or put and delete it, as etcd does: by what the operations name, not by which branch
 * will run. The two branches of a txn exclude each other, so each may put what the other does.
 *
 * Two things pass because etcd lets them pass: deleting from a key without an upper end, and putting a key in an inner txn that
 * a later inner txn deletes.
 */
export function refuseDuplicateKeys(operations: readonly Operation[]): void {
  touchedBy(operations);
}

function touchedBy(operations: readonly Operation[]): Touched {
  const touched: Touched = { puts: new Set(), deletes: [] };
  for (const operation of operations) {
    if (operation.kind === 'delete' && operation.range.end !== undefined) touched.deletes.push(operation.range);
  }
  for (const operation of operations) {
    if (operation.kind !== 'txn') continue;
    const success = touchedBy(operation.success);
    const failure = touchedBy(operation.failure);
    for (const key of new Set([...success.puts, ...failure.puts])) addPut(touched, key);
    touched.deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const operation of operations) {
    if (operation.kind === 'put') addPut(touched, operation.key);
  }
  return touched;
}

function addPut({ puts, deletes }: Touched, key: Key): void {
  if (puts.has(key) || deletes.some((range) => includes(range, key))) throw refusal('duplicateKey');
  puts.add(key);
}
