import { status } from '@grpc/grpc-js';

/** What etcd refuses a request for. */
type Refusal =
  | 'authFailed'
  | 'authNotEnabled'
  | 'badLeaderTransferee'
  | 'badMemberUrls'
  | 'compacted'
  | 'corrupt'
  | 'deadlineExceeded'
  | 'duplicateKey'
  | 'futureRevision'
  | 'invalidAuthManagement'
  | 'invalidSortOption'
  | 'invalidToken'
  | 'keyEmpty'
  | 'keyNotFound'
  | 'leaseExists'
  | 'leaseNotFound'
  | 'leaseProvided'
  | 'leaseTtlTooLarge'
  | 'memberNotFound'
  | 'memberNotLearner'
  | 'noLeader'
  | 'noSpace'
  | 'notEnoughMembers'
  | 'passwordForNoPasswordUser'
  | 'permissionDenied'
  | 'permissionNotGiven'
  | 'permissionNotGranted'
  | 'requestTimedOut'
  | 'requestTooLarge'
  | 'roleEmpty'
  | 'roleExists'
  | 'roleNotFound'
  | 'roleNotGranted'
  | 'rootRoleNotGranted'
  | 'rootUserNotFound'
  | 'stopped'
  | 'tooManyOperations'
  | 'userEmpty'
  | 'userExists'
  | 'userNotFound'
  | 'valueProvided';

/**
 * The refusals of etcd 3.4.23, word for word, with their gRPC codes: clients match on both. Some came to clients without a code
 * of their own, as errors that etcd had not thought of; they stay so.
 */
const answers: Readonly<Record<Refusal, readonly [status, string]>> = {
  authFailed: [status.INVALID_ARGUMENT, 'etcdserver: authentication failed, invalid user ID or password'],
  authNotEnabled: [status.FAILED_PRECONDITION, 'etcdserver: authentication is not enabled'],
  badLeaderTransferee: [status.FAILED_PRECONDITION, 'etcdserver: bad leader transferee'],
  badMemberUrls: [status.INVALID_ARGUMENT, 'etcdserver: given member URLs are invalid'],
  compacted: [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted'],
  corrupt: [status.DATA_LOSS, 'etcdserver: corrupt cluster'],
  deadlineExceeded: [status.UNKNOWN, 'context deadline exceeded'],
  duplicateKey: [status.INVALID_ARGUMENT, 'etcdserver: duplicate key given in txn request'],
  futureRevision: [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision'],
  invalidAuthManagement: [status.INVALID_ARGUMENT, 'etcdserver: invalid auth management'],
  invalidSortOption: [status.INVALID_ARGUMENT, 'etcdserver: invalid sort option'],
  invalidToken: [status.UNAUTHENTICATED, 'etcdserver: invalid auth token'],
  keyEmpty: [status.INVALID_ARGUMENT, 'etcdserver: key is not provided'],
  keyNotFound: [status.INVALID_ARGUMENT, 'etcdserver: key not found'],
  leaseExists: [status.FAILED_PRECONDITION, 'etcdserver: lease already exists'],
  leaseNotFound: [status.NOT_FOUND, 'etcdserver: requested lease not found'],
  leaseProvided: [status.INVALID_ARGUMENT, 'etcdserver: lease is provided'],
  leaseTtlTooLarge: [status.OUT_OF_RANGE, 'etcdserver: too large lease TTL'],
  memberNotFound: [status.NOT_FOUND, 'etcdserver: member not found'],
  memberNotLearner: [status.FAILED_PRECONDITION, 'etcdserver: can only promote a learner member'],
  noLeader: [status.UNAVAILABLE, 'etcdserver: no leader'],
  noSpace: [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded'],
  notEnoughMembers: [status.UNKNOWN, 'etcdserver: re-configuration failed due to not enough started members'],
  passwordForNoPasswordUser: [status.UNKNOWN, 'auth: authentication failed, password was given for no password user'],
  permissionDenied: [status.PERMISSION_DENIED, 'etcdserver: permission denied'],
  permissionNotGiven: [status.INVALID_ARGUMENT, 'etcdserver: permission not given'],
  permissionNotGranted: [status.FAILED_PRECONDITION, 'etcdserver: permission is not granted to the role'],
  requestTimedOut: [status.UNAVAILABLE, 'etcdserver: request timed out'],
  requestTooLarge: [status.INVALID_ARGUMENT, 'etcdserver: request is too large'],
  roleEmpty: [status.INVALID_ARGUMENT, 'etcdserver: role name is empty'],
  roleExists: [status.FAILED_PRECONDITION, 'etcdserver: role name already exists'],
  roleNotFound: [status.FAILED_PRECONDITION, 'etcdserver: role name not found'],
  roleNotGranted: [status.FAILED_PRECONDITION, 'etcdserver: role is not granted to the user'],
  rootRoleNotGranted: [status.FAILED_PRECONDITION, 'etcdserver: root user does not have root role'],
  rootUserNotFound: [status.FAILED_PRECONDITION, 'etcdserver: root user does not exist'],
  stopped: [status.UNAVAILABLE, 'etcdserver: server stopped'],
  tooManyOperations: [status.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request'],
  userEmpty: [status.INVALID_ARGUMENT, 'etcdserver: user name is empty'],
  userExists: [status.FAILED_PRECONDITION, 'etcdserver: user name already exists'],
  userNotFound: [status.FAILED_PRECONDITION, 'etcdserver: user name not found'],
  valueProvided: [status.INVALID_ARGUMENT, 'etcdserver: value is provided'],
};

/** An answer that is an error: what a client sees as gRPC status and text. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly code: status;

  constructor(code: status, text: string) {
    super(text);
    this.code = code;
  }

  /** As Go prints a gRPC error, which is how etcd tells the reason of a refused watch. */
  get goText(): string {
    const words = (status[this.code] ?? '').toLowerCase().split('_');
    const code = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
    return `rpc error: code = ${code} desc = ${this.message}`;
  }
}

/** What etcd answers when it refuses a request for this reason. */
export function refusal(reason: Refusal): EtcdError {
  const [code, text] = answers[reason];
  return new EtcdError(code, text);
}

/** An error that etcd has not thought of giving a code. */
export function uncoded(text: string): EtcdError {
  return new EtcdError(status.UNKNOWN, text);
}

/** `error` without its code: so it comes from services that etcd lays over its others, and does not translate for. */
export function withoutCode(error: unknown): unknown {
  return error instanceof EtcdError && error.code !== status.UNIMPLEMENTED ? uncoded(error.message) : error;
}

/** What this server answers where it does not do what a real etcd would. The sentence says what that is. */
export function unimplemented(sentence: string): EtcdError {
  return new EtcdError(status.UNIMPLEMENTED, `embedded-etcd: ${sentence}`);
}
