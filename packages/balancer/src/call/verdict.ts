/**
 * What a failed attempt means: for the request, what kind of failure it is, and for the peer, what it says of it.
 *
 * | kind       | the peer                        | may be retried                                          |
 * | ---------- | ------------------------------- | ------------------------------------------------------- |
 * | `unsent`   | was never reached               | always: nobody can have done anything                   |
 * | `refused`  | says that it has not begun      | always                                                  |
 * | `lost`     | may have done it, or may not    | if doing it twice is safe                               |
 * | `answered` | says that it could not          | if doing it twice is safe                               |
 * | `final`    | is not to blame, or said no     | never                                                   |
 *
 * This is the one place that knows undici's error codes, and what statuses mean.
 */
import { failure, ignored, type Outcome } from '@lb/core';
import type { IncomingHttpHeaders } from 'node:http';

import { readRetryAfter } from '../headers/retry-after.ts';

/** How a failed attempt went, which decides whether it may be tried again; each kind is told apart at the top of this file. */
export type FailureKind = 'unsent' | 'refused' | 'lost' | 'answered' | 'final';

export interface Verdict {
  readonly kind: FailureKind;
  /** What it says of the peer. */
  readonly outcome: Outcome;
  /** Whether the attempt cost nobody anything, so that another one elsewhere adds no load. */
  readonly free?: true;
  /** Whether its time was up: it has been waited for, and those that follow are spread over time as these were. */
  readonly late?: true;
  /** How long the peer asked not to be asked again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether that was asked of the caller, as with 429, and not only on behalf of the peer. */
  readonly asksCaller?: true;
}

/** The caller is at fault, or went away. */
export const callersOwn: Verdict = { kind: 'final', outcome: ignored };

const verdicts = {
  /** The connections were being closed by us, before anything was sent. */
  retired: { kind: 'unsent', outcome: ignored, free: true },
  connect: { kind: 'unsent', outcome: failure('connect'), free: true },
  /** Given up before the connection was there. */
  connectTimeout: { kind: 'unsent', outcome: failure('timeout'), free: true },
  draining: { kind: 'refused', outcome: ignored, free: true },
  goAway: { kind: 'refused', outcome: ignored, free: true },
  refusedStream: { kind: 'refused', outcome: failure('overload') },
  lost: { kind: 'lost', outcome: failure('reset') },
  timeout: { kind: 'lost', outcome: failure('timeout'), late: true },
  status: { kind: 'answered', outcome: failure('status') },
  finalStatus: { kind: 'final', outcome: failure('status') },
} as const satisfies Record<string, Verdict>;

/** What it means that we gave up on an attempt for taking too long. */
export function verdictOfTimeout(sent: boolean): Verdict {
  return sent ? verdicts.timeout : verdicts.connectTimeout;
}

/** What an error means of an attempt that had no answer yet; `sent` says whether any of it can have reached the peer. */
export function verdictOfError(error: unknown, sent: boolean): Verdict {
  const code = property(error, 'code');
  switch (code) {
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return callersOwn;
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return sent ? verdicts.lost : verdicts.retired;
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return verdictOfTimeout(sent);
    default:
  }
  if (!sent) return code === 'UND_ERR_CONNECT_TIMEOUT' ? verdicts.connectTimeout : verdicts.connect;
  if (property(error, 'http2ErrorCode') === refusedStream) return verdicts.refusedStream;
  // undici gives this error only to streams above the last one that the peer took on (RFC 9113 §6.8: those were not processed).
  if (error instanceof Error && error.message.startsWith('HTTP/2: "GOAWAY"')) return verdicts.goAway;
  return verdicts.lost;
}

/** RFC 9113 §7: the stream was refused before any processing. */
const refusedStream = 7;

/** What an error means for the peer when its answer had already begun. */
export function outcomeOfBrokenAnswer(error: unknown): Outcome {
  return failure(property(error, 'code') === 'UND_ERR_BODY_TIMEOUT' ? 'timeout' : 'reset');
}

/** What a bad status means; `undefined` for an answer that is none. `retryStatuses` are those that another peer may do better. */
export function verdictOfStatus(
  statusCode: number,
  headers: IncomingHttpHeaders,
  retryStatuses: ReadonlySet<number>,
): Verdict | undefined {
  if (statusCode < 500) return statusCode === 429 ? tooMany(headers, retryStatuses.has(429)) : undefined;
  // The peer does not know the method or the version, and is well otherwise.
  if (statusCode === 501 || statusCode === 505) return undefined;
  if (statusCode === 503) {
    const nack = headers['x-lb-nack'];
    if (nack === 'draining') return verdicts.draining;
    const retryAfterMs = readRetryAfter(headers['retry-after']);
    if (nack === 'overload') return overload('refused', retryAfterMs);
    if (nack === 'final') return overload('final', retryAfterMs);
    // A 503 that says when to come back is a peer that knows what it can bear.
    if (retryAfterMs !== undefined) return overload(retryStatuses.has(503) ? 'answered' : 'final', retryAfterMs);
  }
  return retryStatuses.has(statusCode) ? verdicts.status : verdicts.finalStatus;
}

/** Without a time to wait for, a 429 says that asking again is what not to do. */
function tooMany(headers: IncomingHttpHeaders, retried: boolean): Verdict {
  const retryAfterMs = readRetryAfter(headers['retry-after']);
  const kind = retried && retryAfterMs !== undefined ? 'answered' : 'final';
  return { ...overload(kind, retryAfterMs), asksCaller: true };
}

function overload(kind: FailureKind, retryAfterMs: number | undefined): Verdict {
  return { kind, outcome: failure('overload', retryAfterMs), retryAfterMs };
}

function property(error: unknown, name: 'code' | 'http2ErrorCode'): unknown {
  return typeof error === 'object' && error !== null && name in error ? Reflect.get(error, name) : undefined;
}
