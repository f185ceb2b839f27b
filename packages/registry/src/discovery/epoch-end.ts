import { asError, EtcdError } from '../errors.ts';

/** Why an epoch ended. */
export type EpochEndReason =
  /** etcd could not be listed. */
  | 'unreachable'
  /** The watch was refused, ended or lost its connection. */
  | 'disconnected'
  /** The user may not list or watch, or its credentials or certificates are not accepted. */
  | 'denied'
  /** The revision to go on from is no longer kept. */
  | 'compacted'
  /** The store's revision, term or cluster went back or changed: it was wiped or restored. */
  | 'rewound'
  /** Nothing was heard for too long, not even an answer to our probe. */
  | 'silent'
  /** What we hold differs from what etcd holds, and no event explains it. */
  | 'mismatch'
  /** It has lasted long enough: to list again now and then costs little, and finds what nothing else does. */
  | 'renewal'
  /** We were closed. */
  | 'closed';

export interface EpochEnd {
  readonly reason: EpochEndReason;
  readonly error?: Error | undefined;
}

/** The end that `error` brings: a reason of its own, or `otherwise`. */
export function failed(error: unknown, otherwise: EpochEndReason, signal: AbortSignal): EpochEnd {
  if (signal.aborted) return { reason: 'closed' };
  return {
    reason: error instanceof EtcdError ? reasonFor(error, otherwise) : otherwise,
    error: asError(error),
  };
}

function reasonFor({ code }: EtcdError, otherwise: EpochEndReason): EpochEndReason {
  if (code === 'ERR_ETCD_DENIED' || code === 'ERR_ETCD_UNAUTHENTICATED' || code === 'ERR_ETCD_TLS') return 'denied';
  if (code === 'ERR_ETCD_REWOUND') return 'rewound';
  return code === 'ERR_ETCD_COMPACTED' ? 'compacted' : otherwise;
}
