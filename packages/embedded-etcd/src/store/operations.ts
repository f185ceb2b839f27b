import type { Key, KeyRange } from './key-range.ts';
import type { KeyValue, LeaseId } from './key-value.ts';
import type { RangeQuery, RangeResult } from './range.ts';

/** A put. Without a value or a lease it keeps the one that the key has. */
export interface PutOperation {
  readonly kind: 'put';
  readonly key: Key;
  readonly value: Buffer | undefined;
  readonly lease: LeaseId | undefined;
  readonly prevKv: boolean;
}

export interface DeleteOperation {
  readonly kind: 'delete';
  readonly range: KeyRange;
  readonly prevKv: boolean;
}

export interface RangeOperation {
  readonly kind: 'range';
  readonly query: RangeQuery;
}

/** Which branch runs is decided by the state before the whole txn, also for a txn inside another. */
export interface TxnOperation {
  readonly kind: 'txn';
  readonly compares: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type Operation = PutOperation | DeleteOperation | RangeOperation | TxnOperation;

/** Holds when every key of the range passes; where there is none, when a key that never was passes. */
export interface Compare {
  readonly range: KeyRange;
  readonly target: CompareTarget;
  readonly operator: CompareOperator;
}

/** `any` always holds: what etcd makes of an operator that it does not know. */
export type CompareOperator = 'equal' | 'greater' | 'less' | 'notEqual' | 'any';

export type CompareTarget =
  | { readonly kind: 'version' | 'create' | 'mod'; readonly number: number }
  | { readonly kind: 'lease'; readonly lease: LeaseId }
  | { readonly kind: 'value'; readonly value: Buffer }
  /** What etcd makes of a target that it does not know: every key equals it. */
  | { readonly kind: 'unknown' };

/** Revisions are those of the txn once the operation is done. */
export interface PutResult {
  readonly kind: 'put';
  readonly revision: number;
  readonly prevKv: KeyValue | undefined;
}

export interface DeleteResult {
  readonly kind: 'delete';
  readonly revision: number;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

interface RangeOperationResult {
  readonly kind: 'range';
  readonly revision: number;
  readonly range: RangeResult;
}

export interface TxnResult {
  readonly kind: 'txn';
  readonly succeeded: boolean;
  readonly results: readonly Result[];
}

export type Result = PutResult | DeleteResult | RangeOperationResult | TxnResult;
