import { status } from '@grpc/grpc-js';

/** What etcd refuses a request for. */
type Refusal =
  | 'compacted'
  | 'duplicateKey'
  | 'futureRevision'
  | 'invalidSortOption'
  | 'keyEmpty'
  | 'keyNotFound'
  | 'leaseExists'
  | 'leaseNotFound'
  | 'leaseProvided'
  | 'leaseTtlTooLarge'
  | 'requestTooLarge'
  | 'tooManyOperations'
  | 'valueProvided';

/** The refusals of etcd 3.4.23, word for word, with their gRPC codes: clients match on both. */
const answers: Readonly<Record<Refusal, readonly [status, string]>> = {
  compacted: [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted'],
  duplicateKey: [status.INVALID_ARGUMENT, 'etcdserver: duplicate key given in txn request'],
  futureRevision: [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision'],
  invalidSortOption: [status.INVALID_ARGUMENT, 'etcdserver: invalid sort option'],
  keyEmpty: [status.INVALID_ARGUMENT, 'etcdserver: key is not provided'],
  keyNotFound: [status.INVALID_ARGUMENT, 'etcdserver: key not found'],
  leaseExists: [status.FAILED_PRECONDITION, 'etcdserver: lease already exists'],
  leaseNotFound: [status.NOT_FOUND, 'etcdserver: requested lease not found'],
  leaseProvided: [status.INVALID_ARGUMENT, 'etcdserver: lease is provided'],
  leaseTtlTooLarge: [status.OUT_OF_RANGE, 'etcdserver: too large lease TTL'],
  requestTooLarge: [status.INVALID_ARGUMENT, 'etcdserver: request is too large'],
  tooManyOperations: [status.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request'],
  valueProvided: [status.INVALID_ARGUMENT, 'etcdserver: value is provided'],
};

/** An answer that is an error: what a client sees as gRPC status and text. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly code: status;

  constructor(refusal: Refusal) {
    const [code, text] = answers[refusal];
    super(text);
    this.code = code;
  }
}
