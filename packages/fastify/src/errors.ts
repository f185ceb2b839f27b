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

/** The app lacks a plugin that what was called works with. */
export class MissingPluginError extends Error {
  override readonly name = 'MissingPluginError';
  readonly code = 'ERR_MISSING_PLUGIN';

  constructor(plugin: string) {
    super(`Register ${plugin} of @lb/fastify on the app first`);
  }
}

/** Nobody has said that this service may be asked for: it is not among those of `consumer`. */
export class UnknownServiceError extends AnswerError {
  override readonly name = 'UnknownServiceError';
  readonly code = 'ERR_UNKNOWN_SERVICE';
  readonly statusCode = 404;
  readonly service: string;

  constructor(service: string) {
    super(`No service ${JSON.stringify(service.slice(0, 128))} may be asked for here`);
    this.service = service;
  }
}

/** As many services are followed on demand as may be at once (`onDemand.max`), and all have requests under way. */
export class TooManyServicesError extends AnswerError {
  override readonly name = 'TooManyServicesError';
  readonly code = 'ERR_TOO_MANY_SERVICES';
  readonly statusCode = 503;
  readonly service: string;

  constructor(service: string, max: number) {
    super(`${max} services are in use already (onDemand.max)`);
    this.service = service;
  }
}

/** A request to be passed on has a larger body than it may have (`bodyLimitBytes`). */
export class BodyTooLargeError extends AnswerError {
  override readonly name = 'BodyTooLargeError';
  readonly code = 'ERR_BODY_TOO_LARGE';
  readonly statusCode = 413;

  constructor(limit: number) {
    super(`The body is larger than ${limit} bytes`);
  }
}

/** A request to be passed on has a path that could be read in more than one way, or names no service. */
export class InvalidPathError extends AnswerError {
  override readonly name = 'InvalidPathError';
  readonly code = 'ERR_INVALID_PATH';
  readonly statusCode = 400;

  constructor() {
    super('The path is none that can be passed on');
  }
}

/** A request to be passed on says twice which host it is for. */
export class TwoHostsError extends AnswerError {
  override readonly name = 'TwoHostsError';
  readonly code = 'ERR_TWO_HOSTS';
  readonly statusCode = 400;

  constructor() {
    super('The request has more than one host header');
  }
}
