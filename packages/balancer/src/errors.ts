/** Errors of this package. Match on `code`: classes may be duplicated by bundlers and versions. */
import type { FailureReason } from '@lb/core';

/** The request was given to a balancer that is closing or closed, or it outlasted the balancer's patience when that closed. */
export class BalancerClosedError extends Error {
  override readonly name = 'BalancerClosedError';
  readonly code = 'ERR_BALANCER_CLOSED';
  readonly service: string;

  constructor(service: string) {
    super(`The balancer of "${service}" is closed`);
    this.service = service;
  }
}

/** The target of a request would leave the service: it must be a path that begins with one slash. */
export class InvalidTargetError extends TypeError {
  override readonly name = 'InvalidTargetError';
  readonly code = 'ERR_INVALID_TARGET';

  /** `target` is what was given. */
  constructor(target: unknown) {
    super(`The target of a request must be a path with one slash at its beginning and no blanks, got ${print(target)}`);
  }
}

/** What had no room for one more request: the queue of those that wait for a free connection, or this client as a whole. */
export type OverflowLimit = 'queueLimit' | 'maxInFlight';

/** There are as many requests under way as this client takes on. Failed at once: waiting would only end later. */
export class OverflowError extends Error {
  override readonly name = 'OverflowError';
  readonly code = 'ERR_OVERFLOW';
  readonly service: string;
  /** The option that set the limit. */
  readonly limit: OverflowLimit;
  readonly value: number;

  constructor(service: string, limit: OverflowLimit, value: number, options?: ErrorOptions) {
    super(
      limit === 'queueLimit'
        ? `All connections to "${service}" are in use, and ${value} requests wait for one already (queueLimit)`
        : `${value} requests to "${service}" are under way already (maxInFlight)`,
      options,
    );
    this.service = service;
    this.limit = limit;
    this.value = value;
  }
}

/** One attempt, as errors and reports tell of it. */
export interface AttemptSummary {
  /** Id of the endpoint. */
  readonly peer: string;
  readonly origin: string;
  readonly elapsedMs: number;
  /** What went wrong, such as `connect` or `status`; undefined for an attempt that was given up or is still under way. */
  readonly failure: FailureReason | undefined;
  readonly statusCode: number | undefined;
}

/** What the errors of a request have in common that was sent to somebody. */
abstract class RequestError extends Error {
  readonly service: string;
  /** All attempts, in the order in which they began. */
  readonly attempts: readonly AttemptSummary[];

  constructor(message: string, service: string, attempts: readonly AttemptSummary[], options?: ErrorOptions) {
    super(message, options);
    this.service = service;
    this.attempts = attempts;
  }
}

/** No attempt got an answer. `cause` is what became of the last one, and `why` says why there was no other. */
export class AttemptsFailedError extends RequestError {
  override readonly name = 'AttemptsFailedError';
  readonly code = 'ERR_ATTEMPTS_FAILED';
  readonly why: NoRetryReason;

  constructor(service: string, attempts: readonly AttemptSummary[], why: NoRetryReason, cause: Error) {
    const last = attempts.at(-1);
    super(
      `"${service}" did not answer: ${count(attempts.length)}, the last to ${last?.origin ?? 'nobody'} (${last?.failure ?? 'given up'}: ` +
        `${cause.message}); not tried again since ${explain[why]}`,
      service,
      attempts,
      { cause },
    );
    this.why = why;
  }
}

/** There was no answer within the time that the request had. It may still have been carried out. */
export class DeadlineError extends RequestError {
  override readonly name = 'DeadlineError';
  readonly code = 'ERR_DEADLINE';
  readonly timeoutMs: number;

  constructor(service: string, timeoutMs: number, attempts: readonly AttemptSummary[], options?: ErrorOptions) {
    super(
      `"${service}" did not answer within ${timeoutMs} ms (timeoutMs): ${count(attempts.length)}`,
      service,
      attempts,
      options,
    );
    this.timeoutMs = timeoutMs;
  }
}

/** Why a failed attempt is given up with. The code that undici's own time-outs do not have is what tells ours apart. */
export class AttemptTimeoutError extends Error {
  override readonly name = 'AttemptTimeoutError';
  readonly code = 'ERR_ATTEMPT_TIMEOUT';

  constructor(origin: string, elapsedMs: number) {
    super(`No answer from ${origin} within ${Math.round(elapsedMs)} ms`);
  }
}

/** The answer is larger than it may be (`maxResponseBytes`). */
export class ResponseTooLargeError extends Error {
  override readonly name = 'ResponseTooLargeError';
  readonly code = 'ERR_RESPONSE_TOO_LARGE';
  readonly service: string;
  /** Of the endpoint that answered. */
  readonly origin: string;
  readonly limit: number;

  constructor(service: string, origin: string, limit: number) {
    super(`An answer of "${service}" from ${origin} is larger than ${limit} bytes (maxResponseBytes)`);
    this.service = service;
    this.origin = origin;
    this.limit = limit;
  }
}

/** Why a failed attempt was the last one. */
export type NoRetryReason =
  /** Retries are off, or the failure is not of a kind that another attempt could mend. */
  | 'final'
  /** It may have been carried out, and doing it twice is not known to be safe. */
  | 'not-idempotent'
  /** The body has been read and is not kept. */
  | 'body'
  /** There have been as many attempts as there may be. */
  | 'attempts'
  /** Too little time is left. */
  | 'deadline'
  /** Requests of late have used up their retries. */
  | 'budget'
  /** Nobody is left to try. */
  | 'no-endpoint';

const explain: Readonly<Record<NoRetryReason, string>> = {
  final: 'another attempt would not help',
  'not-idempotent': 'it may have been carried out and is not known to be idempotent',
  body: 'its body is spent',
  attempts: 'there were as many attempts as allowed',
  deadline: 'too little time is left',
  budget: 'the retry budget is used up',
  'no-endpoint': 'there is no other endpoint',
};

/** The `code` of what a request ended with, if it has one. It need not be an error: callers abort for any reason, and throw anything. */
export function codeOf(error: unknown): string | number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}

function count(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts`;
}

/** What was given came from anywhere: cut short, and with nothing in it that a terminal or a log would act on. */
function print(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : typeof value;
}
