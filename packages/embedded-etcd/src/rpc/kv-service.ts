import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { checkDelete, checkPut, checkRange, checkTxn } from '../auth/access.ts';
import type { Etcd } from '../etcd.ts';
import { applyDelete, applyPut, applyTxn } from '../store/apply.ts';
import { refuseDuplicateKeys } from '../store/duplicate-keys.ts';
import type { LeaseId } from '../store/key-value.ts';
import type { TxnOperation } from '../store/operations.ts';
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
import {
  deleteOperation,
  isReadOnly,
  isSerializable,
  putOperation,
  rangeOperation,
  txnOperation,
} from './kv-requests.ts';
import { txnResponse } from './kv-responses.ts';
import { wireSize } from './protocol.ts';

/** The KV service: reads, writes, txns and compaction. */
export function kvService(etcd: Etcd): UntypedServiceImplementation {
  const leaseExists = (lease: LeaseId): boolean => etcd.database.lessor.has(lease);

  return {
    Range: unary(etcd, (request: RangeRequest, caller): RangeResponse | Promise<RangeResponse> => {
      const operation = rangeOperation(request);
      return etcd.read(caller, request.serializable ?? false, (user) => {
        const { store, auth } = etcd.database;
        checkRange(auth, user, operation);
        return { ...readRange(store, operation.query), header: etcd.header() };
      });
    }),
    Put: unary(etcd, (request: PutRequest, caller): PutResponse | Promise<PutResponse> => {
      const operation = putOperation(request);
      return etcd.propose(caller, wireSize(request), (user) => {
        const { store, auth, alarms } = etcd.database;
        checkPut(auth, user, operation, store);
        alarms.refuseGrowth();
        const { revision, prevKv } = applyPut(store, operation, leaseExists);
        return { header: etcd.header(revision), prevKv };
      });
    }),
    DeleteRange: unary(
      etcd,
      (request: DeleteRangeRequest, caller): DeleteRangeResponse | Promise<DeleteRangeResponse> => {
        const operation = deleteOperation(request);
        return etcd.propose(caller, wireSize(request), (user) => {
          const { store, auth, alarms } = etcd.database;
          checkDelete(auth, user, operation);
          alarms.refuseCorrupt();
          const { revision, deleted, prevKvs } = applyDelete(store, operation);
          return { header: etcd.header(revision), deleted, prevKvs };
        });
      },
    ),
    Txn: unary(etcd, (request: TxnRequest, caller): TxnResponse | Promise<TxnResponse> => {
      const operation = txnOperation(request);
      refuseDuplicateKeys(operation.success);
      refuseDuplicateKeys(operation.failure);
      if (isReadOnly(request)) {
        return etcd.read(caller, isSerializable(request), (user) => {
          checkTxn(etcd.database.auth, user, operation);
          const result = applyTxn(etcd.database.store, operation, leaseExists);
          return txnResponse(result, etcd.header());
        });
      }
      return etcd.propose(caller, wireSize(request), (user) => {
        const { store, auth, alarms } = etcd.database;
        checkTxn(auth, user, operation);
        if (putsSomething(operation)) alarms.refuseGrowth();
        else alarms.refuseCorrupt();
        const result = applyTxn(store, operation, leaseExists);
        return txnResponse(result, etcd.header());
      });
    }),
    Compact: unary(etcd, (request: CompactionRequest, caller) =>
      etcd.propose(caller, wireSize(request), () => {
        etcd.database.alarms.refuseCorrupt();
        etcd.database.compact(Number(request.revision ?? 0));
        return { header: etcd.header() };
      }),
    ),
  };
}

function putsSomething({ success, failure }: TxnOperation): boolean {
  return [...success, ...failure].some(({ kind }) => kind === 'put');
}
