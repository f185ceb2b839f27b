/** Turns what undici reports into outcomes. The one place that knows its error codes. */
import { failure, type FailureReason, ignored, type Outcome, success } from '@lb/core';

/** What an answer's status says of the peer. A caller's mistake (4xx) is not the peer's. */
export function outcomeOfStatus(statusCode: number): Outcome {
  return statusCode >= 500 ? failure('status') : success;
}

/** What an error says of the peer. An abort by the caller says nothing. */
export function outcomeOfError(error: unknown, abortedByCaller: boolean): Outcome {
  if (abortedByCaller) return ignored;
  return failure(reasonOf(codeOf(error)));
}

function reasonOf(code: string): FailureReason {
  switch (code) {
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'connect';
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'timeout';
    default:
      return 'reset';
  }
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
