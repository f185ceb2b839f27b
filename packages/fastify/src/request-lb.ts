import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';

import { CallerGoneError, DeadlinePassedError } from './errors.ts';
import { attemptHeader, readAttempt, readTimeout, timeoutHeader } from './headers.ts';

/** What a request's caller has said, and whether it still waits: `request.lb`. */
export interface RequestLb {
  /** Which attempt of its request this is, from 1; `undefined` when the caller is no balancer of ours. */
  readonly attempt: number | undefined;
  /** How long the caller waits from when the request came, less what the way back takes, in milliseconds; `undefined` for no limit. */
  readonly timeoutMs: number | undefined;
  /** How much of that is left now, below 0 when it is over: what to give to calls that this request makes. */
  remainingMs(): number | undefined;
  /**
   * Aborts when nobody waits for the answer any more: with `CallerGoneError`, or with `DeadlinePassedError`, which Fastify answers with
   * 504 when a handler throws it. Made when first asked for.
   */
  readonly signal: AbortSignal;
}

export class CallerInfo implements RequestLb {
  readonly attempt: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly #since = performance.now();
  readonly #response: ServerResponse;
  #signal: AbortSignal | undefined;

  /** `reserveMs` is kept back of what the caller allows, for the way back. */
  constructor({ headers }: IncomingMessage, response: ServerResponse, reserveMs: number) {
    this.attempt = readAttempt(headers[attemptHeader], headers[timeoutHeader]);
    const timeoutMs = readTimeout(headers[timeoutHeader]);
    this.timeoutMs = timeoutMs === undefined ? undefined : timeoutMs - reserveMs;
    this.#response = response;
  }

  remainingMs(): number | undefined {
    return this.timeoutMs === undefined ? undefined : this.timeoutMs - (performance.now() - this.#since);
  }

  /** What the request is to be refused with, if its time is over. */
  get overdue(): DeadlinePassedError | undefined {
    return (this.remainingMs() ?? 1) > 0 ? undefined : new DeadlinePassedError(this.timeoutMs ?? 0);
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#watch();
    return this.#signal;
  }

  /**
   * Not Fastify's `request.signal`: that one follows the request's stream, which Node closes as soon as a body has been read, so it
   * aborts every POST at its beginning (Fastify 5.12, Node 24).
   */
  #watch(): AbortSignal {
    const response = this.#response;
    const over = new AbortController();
    if (isClosed(response) && !response.writableEnded) over.abort(new CallerGoneError());
    const left = this.remainingMs();
    const timer =
      left === undefined
        ? undefined
        : setTimeout(
            () => {
              // The caller waits for the answer to begin. What streams on after that is in time.
              if (!response.headersSent) over.abort(new DeadlinePassedError(this.timeoutMs ?? 0));
            },
            Math.max(0, left),
          );
    response.once('close', () => {
      clearTimeout(timer);
      if (!response.writableEnded) over.abort(new CallerGoneError());
    });
    return over.signal;
  }
}

/** Whether nobody can be answered by it any more. Responses of HTTP/2 have no `destroyed` (Node 24); their streams do. */
function isClosed(response: ServerResponse | Http2ServerResponse): boolean {
  return response instanceof Http2ServerResponse ? response.stream.destroyed : response.destroyed;
}
