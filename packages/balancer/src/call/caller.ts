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

type RawHeaders = NonNullable<Controller['rawHeaders']> | null;

export interface AbortListener {
  /** The caller wants no answer any more. */
  onAbort(reason: Error): void;
}

export class Caller implements Controller {
  #handler: Handler;
  #listener: AbortListener | undefined;
  /** The controller of the attempt that is passed on. */
  #behind: Controller | undefined;
  #paused = false;
  #aborted = false;
  #reason: Error | null = null;
  #ended = false;
  #threw = false;
  #thrown: unknown;

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

  /** Of the answer that is being passed on; null before, and when it has ended. */
  get rawHeaders(): RawHeaders {
    return this.#behind?.rawHeaders ?? null;
  }

  set rawHeaders(value: RawHeaders) {
    if (this.#behind !== undefined) this.#behind.rawHeaders = value;
  }

  /** As `rawHeaders`. */
  get rawTrailers(): RawHeaders {
    return this.#behind?.rawTrailers ?? null;
  }

  set rawTrailers(value: RawHeaders) {
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
    this.#listener?.onAbort(reason);
  }

  /** Whether the handler threw `error`, which undici then ends the attempt with. That is nobody's fault but the caller's. */
  threw(error: unknown): boolean {
    return this.#threw && this.#thrown === error;
  }

  // The caller is spoken to: the handler. What it throws goes to whoever calls, but for what it throws at an error.

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
    } catch (error) {
      this.#note(error);
      throw error;
    } finally {
      this.#behind = undefined;
      // undici does not heed a pause here, but keeps it in mind, and resume() would no longer reach it. We do, too: see `answer`.
      if (controller.paused) controller.resume();
    }
  }

  answer(controller: Controller, statusCode: number, headers: ResponseHeaders, statusText: string | undefined): void {
    if (this.#ended) return;
    this.#behind = controller;
    if (this.#paused) controller.pause();
    try {
      this.#handler.onResponseStart?.(this, statusCode, headers, statusText);
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  data(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      this.#handler.onResponseData?.(this, chunk);
    } catch (error) {
      this.#note(error);
      throw error;
    }
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
    this.#letGo();
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
    this.#letGo();
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    const handler = this.#handler;
    this.#letGo();
    try {
      handler.onResponseError?.(this, error);
    } catch (thrown) {
      // Nobody is left to tell. With undici, too, it ends the process, unless somebody is there for that; but whoever called is in the
      // middle of something that others share: a connection, the queue, the end of all requests.
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  responseStarted(): void {
    try {
      this.#handler.onResponseStarted?.();
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  bodySent(chunk: Buffer): void {
    try {
      this.#handler.onBodySent?.(chunk);
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  requestSent(): void {
    try {
      this.#handler.onRequestSent?.();
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  #note(error: unknown): void {
    this.#threw = true;
    this.#thrown = error;
  }

  /**
   * Whoever read the answer may keep this controller, and the garbage collector keeps what is dead, too, for as long as something old
   * points to it: what undici makes for each request is old from the start where the engine has come to think that it always is.
   * So nothing hangs on this any more: neither attempts, calls and buffers nor the handler, or each minor collection copies them all.
   */
  #letGo(): void {
    this.#handler = nobody;
    this.#listener = undefined;
    this.#behind = undefined;
  }
}

const nobody: Handler = {};
