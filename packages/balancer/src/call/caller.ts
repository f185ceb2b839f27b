/**
 * The caller's side of a request: its handler, and the one controller that it is given, whichever attempt is behind it.
 *
 * undici makes a controller for each dispatch. A caller that paused the controller of an attempt that is no more would wait for ever,
 * and one that aborted it would stop nothing. So the caller talks to this one, which passes on to the attempt whose answer it
 * reads, and remembers what was said before there was one.
 *
 * It keeps undici's contract whatever the attempts do: `onRequestStart` once, one final answer at most, then exactly one end
 * (`onResponseEnd`, `onResponseError` or `onRequestUpgrade`) and nothing after it.
 */
import type { Dispatcher } from 'undici';

export type Controller = Dispatcher.DispatchController;
export type Handler = Dispatcher.DispatchHandler;
export type ResponseHeaders = Parameters<NonNullable<Handler['onResponseStart']>>[2];
export type Trailers = Parameters<NonNullable<Handler['onResponseEnd']>>[1];
export type UpgradedSocket = Parameters<NonNullable<Handler['onRequestUpgrade']>>[3];

export interface AbortListener {
  /** The caller wants no answer any more. */
  onAbort(reason: Error): void;
}

export class Caller implements Controller {
  readonly #handler: Handler;
  readonly #listener: AbortListener;
  /** The controller of the attempt that is passed on. */
  #behind: Controller | undefined;
  #paused = false;
  #aborted = false;
  #reason: Error | null = null;
  #ended = false;

  constructor(handler: Handler, listener: AbortListener) {
    this.#handler = handler;
    this.#listener = listener;
  }

  // The caller speaks: the controller.

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): Error | null {
    return this.#reason;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get rawHeaders(): NonNullable<Controller['rawHeaders']> | null {
    return this.#behind?.rawHeaders ?? null;
  }

  set rawHeaders(value: NonNullable<Controller['rawHeaders']> | null) {
    if (this.#behind !== undefined) this.#behind.rawHeaders = value;
  }

  get rawTrailers(): NonNullable<Controller['rawTrailers']> | null {
    return this.#behind?.rawTrailers ?? null;
  }

  set rawTrailers(value: NonNullable<Controller['rawTrailers']> | null) {
    if (this.#behind !== undefined) this.#behind.rawTrailers = value;
  }

  pause(): void {
    this.#paused = true;
    this.#behind?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#behind?.resume();
  }

  abort(reason: Error): void {
    if (this.#aborted || this.#ended) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#listener.onAbort(reason);
  }

  // The caller is spoken to: the handler. What it throws goes to whoever calls.

  begin(context: object): void {
    this.#handler.onRequestStart?.(this, context);
  }

  /** An answer that is not the final one, with a status of 1xx. */
  inform(controller: Controller, statusCode: number, headers: ResponseHeaders, statusText: string | undefined): void {
    if (this.#ended) return;
    // Its raw headers can be read while the handler looks at it, and no longer: another attempt may give the answer.
    this.#behind = controller;
    try {
      this.#handler.onResponseStart?.(this, statusCode, headers, statusText);
    } finally {
      this.#behind = undefined;
    }
  }

  answer(controller: Controller, statusCode: number, headers: ResponseHeaders, statusText: string | undefined): void {
    if (this.#ended) return;
    this.#behind = controller;
    if (this.#paused) controller.pause();
    this.#handler.onResponseStart?.(this, statusCode, headers, statusText);
  }

  data(chunk: Buffer): void {
    if (!this.#ended) this.#handler.onResponseData?.(this, chunk);
  }

  end(trailers: Trailers): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#handler.onResponseEnd?.(this, trailers);
    } catch (error) {
      this.#ended = false; // undici comes back with this error, as it does to any handler that throws here.
      throw error;
    }
  }

  upgrade(controller: Controller, statusCode: number, headers: ResponseHeaders, socket: UpgradedSocket): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#behind = controller;
    try {
      this.#handler.onRequestUpgrade?.(this, statusCode, headers, socket);
    } catch (error) {
      this.#ended = false; // As above.
      throw error;
    }
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handler.onResponseError?.(this, error);
  }

  responseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  bodySent(chunk: Buffer): void {
    this.#handler.onBodySent?.(chunk);
  }

  requestSent(): void {
    this.#handler.onRequestSent?.();
  }
}
