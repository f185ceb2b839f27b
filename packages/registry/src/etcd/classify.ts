/** Turns what etcd3 and gRPC throw into errors that a caller can act on. The one place that knows their classes and texts. */
import * as etcd3 from 'etcd3';

import { ClosedError, EtcdError, type EtcdErrorCode } from './errors.ts';

export function classify(error: unknown, call: string, host: string): EtcdError | ClosedError {
  if (error instanceof EtcdError || error instanceof ClosedError) return error;
  if (error instanceof etcd3.ClientClosedError) return new ClosedError('The etcd client');
  // Streams emit gRPC's plain errors, which the cast turns into the classes that unary calls reject with.
  const cause = error instanceof Error ? etcd3.castGrpcError(error) : error;
  return new EtcdError(codeOf(cause), call, host, { cause });
}

/** A watch that etcd refuses or ends gives its reason as text only. */
export function classifyReason(reason: string, call: string, host: string): EtcdError | ClosedError {
  return classify(etcd3.castGrpcErrorMessage(reason === '' ? 'etcd gave no reason' : reason), call, host);
}

function codeOf(error: unknown): EtcdErrorCode {
  if (error instanceof etcd3.EtcdPermissionDeniedError) return 'ERR_ETCD_DENIED';
  if (
    error instanceof etcd3.EtcdInvalidAuthTokenError ||
    error instanceof etcd3.EtcdAuthenticationFailedError ||
    error instanceof etcd3.GRPCUnauthenticatedError
  ) {
    return 'ERR_ETCD_UNAUTHENTICATED';
  }
  if (error instanceof etcd3.EtcdLeaseInvalidError) return 'ERR_ETCD_LEASE_NOT_FOUND';
  if (error instanceof etcd3.GRPCOutOfRangeError) return 'ERR_ETCD_COMPACTED';
  if (error instanceof etcd3.GRPCDeadlineExceededError) return 'ERR_ETCD_TIMEOUT';
  if (error instanceof etcd3.GRPCUnavailableError || error instanceof etcd3.GRPCCancelledError) {
    return 'ERR_ETCD_UNAVAILABLE';
  }
  const text = error instanceof Error ? error.message : '';
  if (text.includes('user name is empty') || text.includes('authentication is not enabled')) {
    return 'ERR_ETCD_UNAUTHENTICATED';
  }
  return 'ERR_ETCD_REFUSED';
}
