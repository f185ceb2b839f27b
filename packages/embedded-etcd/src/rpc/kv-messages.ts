/** The KV messages of etcd's protocol file, as they are decoded: what was not sent is not there, 64-bit numbers are text. */
import type { ResponseHeader } from '../etcd.ts';
import type { KeyValue } from '../store/key-value.ts';

export interface RangeRequest {
  readonly key?: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: string;
  readonly revision?: string;
  readonly sortOrder?: 'None' | 'Ascend' | 'Descend';
  readonly sortTarget?: 'Key' | 'Version' | 'Create' | 'Mod' | 'Value';
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: string;
  readonly maxModRevision?: string;
  readonly minCreateRevision?: string;
  readonly maxCreateRevision?: string;
}

export interface PutRequest {
  readonly key?: Buffer;
  readonly value?: Buffer;
  readonly lease?: string;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

export interface DeleteRangeRequest {
  readonly key?: Buffer;
  readonly rangeEnd?: Buffer;
  readonly prevKv?: boolean;
}

export interface CompareMessage {
  readonly result?: 'Equal' | 'Greater' | 'Less' | 'NotEqual';
  readonly target?: 'Version' | 'Create' | 'Mod' | 'Value' | 'Lease';
  readonly key?: Buffer;
  readonly rangeEnd?: Buffer;
  /** Of these five there is at most one, and it need not be the one that the target names. */
  readonly version?: string;
  readonly createRevision?: string;
  readonly modRevision?: string;
  readonly value?: Buffer;
  readonly lease?: string;
}

/** Which request is meant is the name of the field that is set. */
export interface RequestOp {
  readonly requestRange?: RangeRequest;
  readonly requestPut?: PutRequest;
  readonly requestDeleteRange?: DeleteRangeRequest;
  readonly requestTxn?: TxnRequest;
}

export interface TxnRequest {
  readonly compare: readonly CompareMessage[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface CompactionRequest {
  readonly revision?: string;
  readonly physical?: boolean;
}

/** Headers inside a txn carry a revision alone, or for a txn nothing. */
export type InnerHeader = Partial<ResponseHeader>;

export interface RangeResponse {
  readonly header: InnerHeader;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface PutResponse {
  readonly header: InnerHeader;
  readonly prevKv: KeyValue | undefined;
}

export interface DeleteRangeResponse {
  readonly header: InnerHeader;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

export interface TxnResponse {
  readonly header: InnerHeader;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export type ResponseOp =
  | { readonly responseRange: RangeResponse }
  | { readonly responsePut: PutResponse }
  | { readonly responseDeleteRange: DeleteRangeResponse }
  | { readonly responseTxn: TxnResponse };
