/** From KV messages to operations of the store, refusing what etcd refuses before it looks at the store. */
import { EtcdError } from '../etcd-error.ts';
import { keyOf, keyRange } from '../store/key-range.ts';
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

const sortOrders: Readonly<Record<RangeRequest['sortOrder'], SortOrder>> = {
  None: 'none',
  Ascend: 'ascend',
  Descend: 'descend',
};

const sortTargets: Readonly<Record<RangeRequest['sortTarget'], SortTarget>> = {
  Key: 'key',
  Version: 'version',
  Create: 'create',
  Mod: 'mod',
  Value: 'value',
};

const operators: Readonly<Record<CompareMessage['result'], CompareOperator>> = {
  Equal: 'equal',
  Greater: 'greater',
  Less: 'less',
  NotEqual: 'notEqual',
};

export function rangeOperation(request: RangeRequest): RangeOperation {
  if (request.key.length === 0) throw new EtcdError('keyEmpty');
  const sortTarget = sortTargets[request.sortTarget];
  // An etcd 3.4 dies of a target that it does not know; this is the answer of 3.5.
  if (sortTarget === undefined) throw new EtcdError('invalidSortOption');
  return {
    kind: 'range',
    query: {
      range: keyRange(request.key, request.rangeEnd),
      revision: Number(request.revision),
      limit: Number(request.limit),
      sortTarget,
      sortOrder: sortOrders[request.sortOrder] ?? 'none',
      countOnly: request.countOnly,
      keysOnly: request.keysOnly,
      minModRevision: Number(request.minModRevision),
      maxModRevision: Number(request.maxModRevision),
      minCreateRevision: Number(request.minCreateRevision),
      maxCreateRevision: Number(request.maxCreateRevision),
    },
  };
}

export function putOperation(request: PutRequest): PutOperation {
  const { ignoreValue, ignoreLease, prevKv } = request;
  if (request.key.length === 0) throw new EtcdError('keyEmpty');
  if (ignoreValue && request.value.length > 0) throw new EtcdError('valueProvided');
  if (ignoreLease && request.lease !== '0') throw new EtcdError('leaseProvided');
  return {
    kind: 'put',
    key: keyOf(request.key),
    // A copy: what was decoded is a window on a whole network buffer, and would keep it all.
    value: ignoreValue ? undefined : Buffer.from(request.value),
    lease: ignoreLease ? undefined : request.lease,
    prevKv,
  };
}

export function deleteOperation(request: DeleteRangeRequest): DeleteOperation {
  if (request.key.length === 0) throw new EtcdError('keyEmpty');
  return { kind: 'delete', range: keyRange(request.key, request.rangeEnd), prevKv: request.prevKv };
}

/** `budget` is how many operations are left for this txn and those inside it. */
export function txnOperation(request: TxnRequest, budget: number = maxOperations): TxnOperation {
  const size = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (size > budget) throw new EtcdError('tooManyOperations');
  return {
    kind: 'txn',
    compares: request.compare.map(compareOf),
    success: request.success.map((op) => operationOf(op, budget - size)),
    failure: request.failure.map((op) => operationOf(op, budget - size)),
  };
}

function operationOf(op: RequestOp, budget: number): Operation {
  if (op.requestRange) return rangeOperation(op.requestRange);
  if (op.requestPut) return putOperation(op.requestPut);
  if (op.requestDeleteRange) return deleteOperation(op.requestDeleteRange);
  if (op.requestTxn) return txnOperation(op.requestTxn, budget);
  throw new EtcdError('keyNotFound');
}

function compareOf(message: CompareMessage): Compare {
  if (message.key.length === 0) throw new EtcdError('keyEmpty');
  return {
    range: keyRange(message.key, message.rangeEnd),
    target: targetOf(message),
    // An operator that is not known always holds.
    operator: operators[message.result] ?? 'any',
  };
}

function targetOf(message: CompareMessage): CompareTarget {
  switch (message.target) {
    case 'Version':
      return { kind: 'version', number: Number(message.version ?? 0) };
    case 'Create':
      return { kind: 'create', number: Number(message.createRevision ?? 0) };
    case 'Mod':
      return { kind: 'mod', number: Number(message.modRevision ?? 0) };
    case 'Value':
      return { kind: 'value', value: Buffer.from(message.value ?? []) };
    case 'Lease':
      return { kind: 'lease', lease: message.lease ?? '0' };
    default:
      return { kind: 'unknown' };
  }
}
