/** From KV messages to operations of the store, refusing what etcd refuses before it looks at the store. */
import { refusal } from '../etcd-error.ts';
import { keyOf, keyRange, loggedKeyRange, type ToKeyRange } from '../store/key-range.ts';
import { noLease } from '../store/key-value.ts';
import type {
  Compare,
  CompareOperator,
  CompareTarget,
  DeleteOperation,
  Operation,
  PutOperation,
  RangeOperation,
  TxnOperation,
} from '../store/operations.ts';
import type { SortOrder, SortTarget } from '../store/range.ts';
import type {
  CompareMessage,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from './kv-messages.ts';

/** etcd's default for operations in a txn, those of txns inside it included. */
const maxOperations = 128;

const noBytes = Buffer.alloc(0);

const sortOrders: Readonly<Record<NonNullable<RangeRequest['sortOrder']>, SortOrder>> = {
  None: 'none',
  Ascend: 'ascend',
  Descend: 'descend',
};

const sortTargets: Readonly<Record<NonNullable<RangeRequest['sortTarget']>, SortTarget>> = {
  Key: 'key',
  Version: 'version',
  Create: 'create',
  Mod: 'mod',
  Value: 'value',
};

const operators: Readonly<Record<NonNullable<CompareMessage['result']>, CompareOperator>> = {
  Equal: 'equal',
  Greater: 'greater',
  Less: 'less',
  NotEqual: 'notEqual',
};

export function rangeOperation(request: RangeRequest, toRange: ToKeyRange = keyRange): RangeOperation {
  const sortTarget = sortTargets[request.sortTarget ?? 'Key'];
  // An etcd 3.4 dies of a target that it does not know; this is the answer of 3.5.
  if (sortTarget === undefined) throw refusal('invalidSortOption');
  return {
    kind: 'range',
    query: {
      range: toRange(keyIn(request), request.rangeEnd),
      revision: Number(request.revision ?? 0),
      limit: Number(request.limit ?? 0),
      sortTarget,
      sortOrder: sortOrders[request.sortOrder ?? 'None'] ?? 'none',
      countOnly: request.countOnly ?? false,
      keysOnly: request.keysOnly ?? false,
      minModRevision: Number(request.minModRevision ?? 0),
      maxModRevision: Number(request.maxModRevision ?? 0),
      minCreateRevision: Number(request.minCreateRevision ?? 0),
      maxCreateRevision: Number(request.maxCreateRevision ?? 0),
    },
  };
}

export function putOperation(request: PutRequest): PutOperation {
  const { value = noBytes, lease = noLease, ignoreValue = false, ignoreLease = false, prevKv = false } = request;
  const key = keyOf(keyIn(request));
  if (ignoreValue && value.length > 0) throw refusal('valueProvided');
  if (ignoreLease && lease !== noLease) throw refusal('leaseProvided');
  return {
    kind: 'put',
    key,
    // A copy: what was decoded is a window on a whole network buffer, and would keep it all.
    value: ignoreValue ? undefined : Buffer.from(value),
    lease: ignoreLease ? undefined : lease,
    prevKv,
  };
}

export function deleteOperation(request: DeleteRangeRequest): DeleteOperation {
  return { kind: 'delete', range: loggedKeyRange(keyIn(request), request.rangeEnd), prevKv: request.prevKv ?? false };
}

export function txnOperation(request: TxnRequest): TxnOperation {
  return txnWithin(request, maxOperations, isReadOnly(request) ? keyRange : loggedKeyRange);
}

/** Whether a txn only reads, in both branches: then it need not go through the log. */
export function isReadOnly({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].every(({ requestRange }) => requestRange !== undefined);
}

/** Whether every read of a txn is content with what this member has. */
export function isSerializable({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].every(({ requestRange }) => requestRange?.serializable === true);
}

/** `budget` is how many operations are left for this txn and those inside it. */
function txnWithin(request: TxnRequest, budget: number, toRange: ToKeyRange): TxnOperation {
  const size = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (size > budget) throw refusal('tooManyOperations');
  const operationOf = (op: RequestOp): Operation => {
    if (op.requestRange) return rangeOperation(op.requestRange, toRange);
    if (op.requestPut) return putOperation(op.requestPut);
    if (op.requestDeleteRange) return deleteOperation(op.requestDeleteRange);
    if (op.requestTxn) return txnWithin(op.requestTxn, budget - size, toRange);
    throw refusal('keyNotFound');
  };
  return {
    kind: 'txn',
    compares: request.compare.map((message) => compareOf(message, toRange)),
    success: request.success.map(operationOf),
    failure: request.failure.map(operationOf),
  };
}

function compareOf(message: CompareMessage, toRange: ToKeyRange): Compare {
  return {
    range: toRange(keyIn(message), message.rangeEnd),
    target: targetOf(message),
    operator: operators[message.result ?? 'Equal'] ?? 'any',
  };
}

function targetOf(message: CompareMessage): CompareTarget {
  switch (message.target ?? 'Version') {
    case 'Version':
      return { kind: 'version', number: Number(message.version ?? 0) };
    case 'Create':
      return { kind: 'create', number: Number(message.createRevision ?? 0) };
    case 'Mod':
      return { kind: 'mod', number: Number(message.modRevision ?? 0) };
    case 'Value':
      return { kind: 'value', value: message.value ?? noBytes };
    case 'Lease':
      return { kind: 'lease', lease: message.lease ?? noLease };
    default:
      return { kind: 'unknown' };
  }
}

function keyIn({ key = noBytes }: { readonly key?: Buffer }): Buffer {
  if (key.length === 0) throw refusal('keyEmpty');
  return key;
}
