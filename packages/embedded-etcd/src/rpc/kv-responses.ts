/** From results of the store to KV messages. */
import type { Result, TxnResult } from '../store/operations.ts';
import type { InnerHeader, ResponseOp, TxnResponse } from './kv-messages.ts';

export function txnResponse({ succeeded, results }: TxnResult, header: InnerHeader): TxnResponse {
  return { header, succeeded, responses: results.map(responseOf) };
}

function responseOf(result: Result): ResponseOp {
  switch (result.kind) {
    case 'put':
      return { responsePut: { header: { revision: result.revision }, prevKv: result.prevKv } };
    case 'delete': {
      const { revision, deleted, prevKvs } = result;
      return { responseDeleteRange: { header: { revision }, deleted, prevKvs } };
    }
    case 'range':
      return { responseRange: { header: { revision: result.revision }, ...result.range } };
    case 'txn':
      return { responseTxn: txnResponse(result, {}) };
    default:
      return result satisfies never;
  }
}
