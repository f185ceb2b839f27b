/** Errors of this package. Match on `code`; classes may be duplicated by bundlers and versions. */

/** Where a call to etcd went wrong, as far as a caller can act on it. */
export type EtcdErrorCode =
  /** Nothing answered: refused, unreachable, no leader, connection lost, or not made in time. Asking again costs etcd nothing. */
  | 'ERR_ETCD_UNAVAILABLE'
  /** No answer in time, on a connection that stands. A write may or may not have happened. */
  | 'ERR_ETCD_TIMEOUT'
  /** No secure connection: a certificate is not trusted, expired, made for another name, or cannot be read. */
  | 'ERR_ETCD_TLS'
  /** User, password or token are not accepted, or missing. */
  | 'ERR_ETCD_UNAUTHENTICATED'
  /** Users and passwords are switched off in etcd. */
  | 'ERR_ETCD_AUTH_OFF'
  /** The user may not do this. */
  | 'ERR_ETCD_DENIED'
  /** The lease is gone: expired, revoked, or lost with the store. */
  | 'ERR_ETCD_LEASE_NOT_FOUND'
  /** There is a lease of this id already. */
  | 'ERR_ETCD_LEASE_EXISTS'
  /** The revision asked for is no longer kept. */
  | 'ERR_ETCD_COMPACTED'
  /** The revision asked for has not been reached: the store was wiped or restored. */
  | 'ERR_ETCD_REWOUND'
  /** The answer is larger than we take. */
  | 'ERR_ETCD_TOO_LARGE'
  /** etcd has no room left, or too many requests; see `cause`. */
  | 'ERR_ETCD_EXHAUSTED'
  /** etcd answered with another error; see `cause`. */
  | 'ERR_ETCD_REFUSED';

/** A call to etcd failed. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly code: EtcdErrorCode;
  /** The call, such as `range` or `watch`. */
  readonly call: string;
  /** The etcd member that was asked, such as `10.0.0.1:2379`. */
  readonly host: string;

  constructor(code: EtcdErrorCode, call: string, host: string, options: ErrorOptions) {
    super(`etcd at ${host}: ${call} failed, ${sentence[code]}${detail(options.cause)}`, options);
    this.code = code;
    this.call = call;
    this.host = host;
  }
}

const sentence: Readonly<Record<EtcdErrorCode, string>> = {
  ERR_ETCD_UNAVAILABLE: 'nothing answered',
  ERR_ETCD_TIMEOUT: 'no answer in time',
  ERR_ETCD_TLS: 'there is no secure connection',
  ERR_ETCD_UNAUTHENTICATED: 'user and password were not accepted',
  ERR_ETCD_AUTH_OFF: 'authentication is off',
  ERR_ETCD_DENIED: 'permission denied',
  ERR_ETCD_LEASE_NOT_FOUND: 'the lease is gone',
  ERR_ETCD_LEASE_EXISTS: 'the lease exists',
  ERR_ETCD_COMPACTED: 'the revision is compacted',
  ERR_ETCD_REWOUND: 'the store has gone back behind the revision',
  ERR_ETCD_TOO_LARGE: 'the answer is too large',
  ERR_ETCD_EXHAUSTED: 'it has no room or too much to do',
  ERR_ETCD_REFUSED: 'it was refused',
};

function detail(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  // What gRPC wraps around the one thing that is news, such as "connect ECONNREFUSED 127.0.0.1:2379".
  const text = cause.message
    .replace(/^\d+ UNAVAILABLE: No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? Resolution note: $/, '');
  return text === '' ? '' : ` (${text})`;
}

/** The id is registered by another process. Exactly one of two processes with one id gets it; the other gets this. */
export class IdTakenError extends Error {
  override readonly name = 'IdTakenError';
  readonly code = 'ERR_ID_TAKEN';
  readonly service: string;
  readonly id: string;

  constructor(service: string, id: string) {
    super(`"${id}" of "${service}" is registered by another process; an id names one run of one process`);
    this.service = service;
    this.id = id;
  }
}

/** The race's "can't connect twice": a discovery is connected once, and then read as often as you like. */
export class AlreadyConnectedError extends Error {
  override readonly name = 'AlreadyConnectedError';
  readonly code = 'ERR_ALREADY_CONNECTED';
  readonly service: string;

  constructor(service: string) {
    super(`Discovery of "${service}" is already connected`);
    this.service = service;
  }
}

/** The race's "must connect first": there is no snapshot before the first list. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';
  readonly code = 'ERR_NOT_CONNECTED';
  readonly service: string;

  constructor(service: string) {
    super(`Discovery of "${service}" has no snapshot yet; connect first`);
    this.service = service;
  }
}

/** There is no lease to write under: the registration is being made (again), and will be with the change that was asked for. */
export class NotRegisteredError extends Error {
  override readonly name = 'NotRegisteredError';
  readonly code = 'ERR_NOT_REGISTERED';
  readonly service: string;
  readonly id: string;

  constructor(service: string, id: string) {
    super(`"${id}" of "${service}" is not registered now; what was asked for will be when it is`);
    this.service = service;
    this.id = id;
  }
}

/** It was used after `close()`. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
  readonly code = 'ERR_CLOSED';

  constructor(what: string) {
    super(`${what} is closed`);
  }
}

/** A value in the registry is not an endpoint that may be used. It is skipped and published, never thrown at a reader. */
export class InvalidValueError extends Error {
  override readonly name = 'InvalidValueError';
  readonly code = 'ERR_INVALID_VALUE';
  /** What is wrong, without a word of the value: what is in it may be hostile. */
  readonly why: string;

  constructor(why: string, options?: ErrorOptions) {
    super(`Not a usable registration: ${why}`, options);
    this.why = why;
  }
}

/** What was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
