/** Errors of this package. Match on `code`: classes may be duplicated by bundlers and versions. */

/** What Fastify's error handler makes an answer of; `statusCode` decides its status. */
abstract class AnswerError extends Error {
  abstract readonly statusCode: number;
}

/** The caller's deadline (`x-lb-timeout-ms`) has passed, or would have before an answer could reach it. */
export class DeadlinePassedError extends AnswerError {
  override readonly name = 'DeadlinePassedError';
  readonly code = 'ERR_DEADLINE_PASSED';
  readonly statusCode = 504;
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`The caller's ${timeoutMs} ms are over (x-lb-timeout-ms)`);
    this.timeoutMs = timeoutMs;
  }
}

/** Why a request was refused before anything was done for it. */
export type RefusalReason = 'slots' | 'pressure';

/** Refused before anything was done for it: another provider may take it, whatever its method. */
export class OverloadedError extends AnswerError {
  override readonly name = 'OverloadedError';
  readonly code = 'ERR_OVERLOADED';
  readonly statusCode = 503;
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(
      reason === 'slots' ? 'All slots are taken and the queue is full' : 'This process is too busy to answer in time',
    );
    this.reason = reason;
  }
}

/** The caller went away before it had its answer. What `request.lb.signal` is aborted with. */
export class CallerGoneError extends Error {
  override readonly name = 'CallerGoneError';
  readonly code = 'ERR_CALLER_GONE';

  constructor() {
    super('The caller went away before it had its answer');
  }
}

/** The service listens, but does not answer its own self-check, and so was not registered. */
export class SelfCheckError extends Error {
  override readonly name = 'SelfCheckError';
  readonly code = 'ERR_SELF_CHECK';

  constructor(what: string, options?: ErrorOptions) {
    super(`The service does not answer itself: ${what}; it was not registered`, options);
  }
}

/** `serve` was given an app that lacks the plugin it works with. */
export class MissingPluginError extends Error {
  override readonly name = 'MissingPluginError';
  readonly code = 'ERR_MISSING_PLUGIN';

  constructor() {
    super('Register "provider" or "lameDuck" of @lb/fastify on the app, before its routes and before serve()');
  }
}
