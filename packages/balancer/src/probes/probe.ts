import type { Dispatcher } from 'undici';

import type { Controller, ResponseHeaders } from '../call/caller.ts';
import { type TimerOwner, type TimerWheel, WheelTimer } from '../time/timer-wheel.ts';
import type { Sender } from '../transport/client-pool.ts';

export interface ProbeAnswer {
  readonly statusCode: number;
  readonly headers: ResponseHeaders;
}

/** One small request beside those of callers, of which the head of the answer is all that counts. */
export class Probe implements Sender, TimerOwner {
  readonly #wheel: TimerWheel;
  readonly #onEnd: (answer: ProbeAnswer | undefined) => void;
  readonly #timer = new WheelTimer(this);
  #controller: Controller | undefined;
  #ended = false;
  #chunks = 0;

  /** `onEnd` is called once, with the answer, or with nothing when there was none in time. */
  constructor(wheel: TimerWheel, onEnd: (answer: ProbeAnswer | undefined) => void) {
    this.#wheel = wheel;
    this.#onEnd = onEnd;
  }

  /** Whether it is over. */
  get over(): boolean {
    return this.#ended;
  }

  /** `options` say where to, and what undici is to take for the server's name. */
  send(
    dispatcher: Pick<Dispatcher, 'dispatch'>,
    options: { readonly origin: string; readonly path: string; readonly servername?: string | undefined },
    timeoutMs: number,
    now: number,
  ): void {
    this.#wheel.set(this.#timer, now + timeoutMs, now);
    // undici takes the name, its types do not say so.
    const request: Dispatcher.DispatchOptions = { ...options, method: 'GET' };
    dispatcher.dispatch(request, this);
  }

  end(answer?: ProbeAnswer): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wheel.clear(this.#timer);
    // An answer is read to its end, so that its connection can be used again. Without one there is nothing to wait for.
    if (answer === undefined) this.#controller?.abort(new Error('The probe is over'));
    this.#onEnd(answer);
  }

  onTime(): void {
    this.end();
  }

  onRequestStart(controller: Controller): void {
    // As an attempt does that was given up: thrown, so that the connection is left alone.
    if (this.#ended) throw new Error('The probe is over');
    this.#controller = controller;
  }

  onResponseStart(_controller: Controller, statusCode: number, headers: ResponseHeaders): void {
    if (statusCode >= 200) this.end({ statusCode, headers });
  }

  onResponseData(controller: Controller): void {
    // What a probe has to say is in its headers. Whoever sends a book instead is not read.
    this.#chunks += 1;
    if (this.#chunks > mostChunks) controller.abort(new Error('The answer to a probe is too long'));
  }

  onResponseEnd(): void {}

  onResponseError(): void {
    this.end();
  }
}

const mostChunks = 16;
