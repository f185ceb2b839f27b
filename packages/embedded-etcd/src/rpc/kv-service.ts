import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Database } from '../database.ts';
import { EtcdError } from '../etcd-error.ts';
import { header } from '../member.ts';
import { applyDelete, applyPut, applyTxn } from '../store/apply.ts';
import { refuseDuplicateKeys } from '../store/duplicate-keys.ts';
import type { LeaseId } from '../store/key-value.ts';
import { readRange } from '../store/range.ts';
import { unary } from './call.ts';
import type {
  CompactionRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from './kv-messages.ts';
import { deleteOperation, putOperation, rangeOperation, txnOperation } from './kv-requests.ts';
import { txnResponse } from './kv-responses.ts';
import { wireSize } from './protocol.ts';

/** etcd's default limit of 1.5 MiB, less what it adds to a request before it counts. */
const maxRequestBytes = 1.5 * 1024 * 1024 - 18;

/** The KV service: reads, writes, txns and compaction. */
export function kvService(context: { readonly database: Database }): UntypedServiceImplementation {
  const leaseExists = (lease: LeaseId): boolean => context.database.lessor.has(lease);

  return {
    Range: unary((request: RangeRequest): RangeResponse => {
      const { query } = rangeOperation(request);
      const { store } = context.database;
      return { ...readRange(store, query), header: header(store.revision) };
    }),
    Put: unary((request: PutRequest): PutResponse => {
      const operation = putOperation(request);
      refuseTooLarge(request);
      const { revision, prevKv } = applyPut(context.database.store, operation, leaseExists);
      return { header: header(revision), prevKv };
    }),
    DeleteRange: unary((request: DeleteRangeRequest): DeleteRangeResponse => {
      const operation = deleteOperation(request);
      refuseTooLarge(request);
      const { revision, deleted, prevKvs } = applyDelete(context.database.store, operation);
      return { header: header(revision), deleted, prevKvs };
    }),
    Txn: unary((request: TxnRequest): TxnResponse => {
      const operation = txnOperation(request);
      refuseDuplicateKeys(operation.success);
      refuseDuplicateKeys(operation.failure);
      refuseTooLarge(request);
      const { store } = context.database;
      const result = applyTxn(store, operation, leaseExists);
      return txnResponse(result, header(store.revision));
    }),
    Compact: unary((request: CompactionRequest) => {
      const { store } = context.database;
      store.compact(Number(request.revision));
      return { header: header(store.revision) };
    }),
  };
}

function refuseTooLarge(request: object): void {
  if (wireSize(request) > maxRequestBytes) throw new EtcdError('requestTooLarge');
}
