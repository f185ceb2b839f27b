import type { Outcome, Peer } from '@lb/core';
import type { Dispatcher } from 'undici';

import { tellError } from './tell-error.ts';
import { channels } from './channels.ts';
import { outcomeOfError, outcomeOfStatus } from './classify.ts';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/**
 * One try on one peer: passes everything on to the caller's handler, and tells the peer's load when it began and how it ended,
 * exactly once.
 */
export class Attempt implements Handler {
  readonly #service: string;
  readonly #peer: Peer;
  readonly #handler: Handler;
  readonly #now: () => number;
  readonly #startedAt: number;
  #statusCode = 0;
  #ended = false;

  constructor(service: string, peer: Peer, handler: Handler, now: () => number) {
    this.#service = service;
    this.#peer = peer;
    this.#handler = handler;
    this.#now = now;
    this.#startedAt = now();
    peer.load.begin(this.#startedAt);
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(...args: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    this.#end(outcomeOfStatus(args[1]));
    this.#handler.onRequestUpgrade?.(...args);
  }

  onResponseStart(...args: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    this.#statusCode = args[1];
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(...args: Parameters<NonNullable<Handler['onResponseEnd']>>): void {
    this.#end(outcomeOfStatus(this.#statusCode));
    this.#handler.onResponseEnd?.(...args);
  }

  /** undici gives no controller for a request that failed before it began. */
  onResponseError(controller: Controller | null, error: Error): void {
    // undici passes on the reason of whoever aborted, and only the caller has a way to.
    this.#end(outcomeOfError(error, controller?.reason === error));
    tellError(this.#handler, controller, error);
  }

  onBodySent(chunk: Buffer): void {
    this.#handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    const now = this.#now();
    const elapsedMs = now - this.#startedAt;
    this.#peer.load.end(elapsedMs, outcome, now);
    if (channels.attempt.hasSubscribers)
      channels.attempt.publish({ service: this.#service, peer: this.#peer, outcome, elapsedMs });
  }
}
