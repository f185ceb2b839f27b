/** Turns what etcd3 and gRPC throw into errors that a caller can act on. The one place that knows their classes and texts. */
import * as etcd3 from 'etcd3';

import { ClosedError, EtcdError, type EtcdErrorCode } from '../errors.ts';

export function classify(error: unknown, call: string, host: string): EtcdError | ClosedError {
  if (error instanceof EtcdError || error instanceof ClosedError) return error;
  if (error instanceof etcd3.ClientClosedError) return new ClosedError('The connection to etcd');
  // Streams emit gRPC's plain errors, which the cast turns into the classes that unary calls reject with.
  const cause = error instanceof Error ? etcd3.castGrpcError(error) : error;
  return new EtcdError(codeOf(cause), call, host, { cause });
}

/** A watch that etcd refuses or ends gives its reason as text only. */
export function classifyReason(reason: string, call: string, host: string): EtcdError | ClosedError {
  return classify(etcd3.castGrpcErrorMessage(reason === '' ? 'etcd gave no reason' : reason), call, host);
}

function codeOf(error: unknown): EtcdErrorCode {
  const text = error instanceof Error ? error.message : '';
  for (const [part, code] of codesByText) if (text.includes(part)) return code;
  for (const [kind, code] of codesByClass) if (error instanceof kind) return code;
  return 'ERR_ETCD_REFUSED';
}

/** Looked through in this order, before the classes: several of these share a gRPC status with something else. */
const codesByText: readonly (readonly [text: string, code: EtcdErrorCode])[] = [
  ['authentication is not enabled', 'ERR_ETCD_AUTH_OFF'],
  ['user name is empty', 'ERR_ETCD_UNAUTHENTICATED'],
  ['revision of auth store is old', 'ERR_ETCD_UNAUTHENTICATED'],
  ['future revision', 'ERR_ETCD_REWOUND'],
  ['Received message larger than max', 'ERR_ETCD_TOO_LARGE'],
  ['lease already exists', 'ERR_ETCD_LEASE_EXISTS'],
  // etcd has had the call for seven seconds then, and gRPC's status says "unavailable".
  ['request timed out', 'ERR_ETCD_TIMEOUT'],
  // What OpenSSL and Node say of certificates, inside gRPC's "No connection established".
  ['certificate', 'ERR_ETCD_TLS'],
  ['altnames', 'ERR_ETCD_TLS'],
  ['SSL', 'ERR_ETCD_TLS'],
  ['ERR_TLS', 'ERR_ETCD_TLS'],
];

const codesByClass: readonly (readonly [kind: abstract new (...args: never) => Error, code: EtcdErrorCode])[] = [
  [etcd3.EtcdPermissionDeniedError, 'ERR_ETCD_DENIED'],
  [etcd3.EtcdInvalidAuthTokenError, 'ERR_ETCD_UNAUTHENTICATED'],
  [etcd3.EtcdAuthenticationFailedError, 'ERR_ETCD_UNAUTHENTICATED'],
  [etcd3.GRPCUnauthenticatedError, 'ERR_ETCD_UNAUTHENTICATED'],
  [etcd3.EtcdLeaseInvalidError, 'ERR_ETCD_LEASE_NOT_FOUND'],
  [etcd3.GRPCOutOfRangeError, 'ERR_ETCD_COMPACTED'],
  [etcd3.GRPCDeadlineExceededError, 'ERR_ETCD_TIMEOUT'],
  [etcd3.GRPCUnavailableError, 'ERR_ETCD_UNAVAILABLE'],
  [etcd3.GRPCCancelledError, 'ERR_ETCD_UNAVAILABLE'],
  // What gRPC calls a connection that was reset under a call.
  [etcd3.GRPCInternalError, 'ERR_ETCD_UNAVAILABLE'],
  [etcd3.GRPCResourceExhastedError, 'ERR_ETCD_EXHAUSTED'],
];
