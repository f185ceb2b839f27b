/**
 * One try on one peer: one dispatch to undici, from the pick to the end of the answer.
 *
 *     open ──answer──▶ passing ──▶ over        the caller reads it
 *       │      └─────▶ held ──┬──▶ passing     a bad one, kept while something better is looked for
 *       │                     └──▶ dropped     read to its end, so that its connection can be used again
 *       └──error, time-out, abort──▶ over
 *
 * It tells the peer's load, limit and health how it ended, once. Whether there is another attempt is decided in `call.ts`.
 */
import { type Attempt as PoolAttempt, failure, ignored, type Outcome, type Peer, success } from '@lb/core';

import { type AttemptSummary, ResponseTooLargeError } from '../errors.ts';
import type { Sender } from '../transport/client-pool.ts';
import type { Caller, Controller, ResponseHeaders, Trailers, UpgradedSocket } from './caller.ts';
import { callersOwn, outcomeOfBrokenAnswer, type Verdict, verdictOfError, verdictOfStatus } from './verdict.ts';

/** What an attempt tells the call that it belongs to. */
export interface AttemptListener {
  readonly service: string;
  readonly caller: Caller;
  readonly rules: AttemptRules;
  /** Whether doing the request twice is safe. */
  readonly idempotent: boolean;
  /** The final answer has begun. The listener says `pass` or `hold` before it returns. Not called for one that was given up. */
  onAnswer(attempt: Attempt, headers: ResponseHeaders, verdict: Verdict | undefined, now: number): void;
  /** There will be no answer. Not called for an attempt that was given up. */
  onFailure(attempt: Attempt, verdict: Verdict, error: Error, now: number): void;
  /** The answer has been passed on to its end; not to its end if there is an `error`. */
  onPassed(error: Error | undefined, now: number): void;
  /** How it went is known, and the peer has room for one more. */
  onOutcome(attempt: Attempt, outcome: Outcome, now: number): void;
  /** Whether `error` comes from the caller's own body, or from its handler. */
  isCallersOwn(error: Error): boolean;
}

export interface AttemptRules {
  /** Statuses that another peer may do better on. */
  readonly retryStatuses: ReadonlySet<number>;
  /** Most bytes of an answer that are passed on. */
  readonly maxResponseBytes: number;
}

type Phase = 'open' | 'passing' | 'held' | 'dropped' | 'over';

/** An answer that nobody wants is read this far, to keep its connection; past that, a new connection is cheaper. */
const mostDroppedBytes = 16_384;

export class Attempt implements Sender {
  readonly peer: Peer;
  /** From 1, in the order in which the attempts of a request began. */
  readonly number: number;
  /** The attempt before this one. */
  readonly previous: Attempt | undefined;
  /** Whether it was sent beside one that was still under way. */
  readonly hedge: boolean;
  /** Set by whoever sends it. */
  onAnswered: (() => void) | undefined;
  readonly #listener: AttemptListener;
  readonly #begun: PoolAttempt;
  readonly #now: () => number;
  #phase: Phase = 'open';
  #controller: Controller | undefined;
  #givenUpFor: Error | undefined;
  #passed = false;

  #statusCode: number | undefined;
  #headers: ResponseHeaders = noHeaders;
  #statusText: string | undefined;
  #verdict: Verdict | undefined;
  #bytes = 0;
  /** What came of an answer while it was held: a pause is a wish, and not every transport grants it. */
  #heldChunks: Buffer[] = none;
  #heldTrailers: Trailers | undefined;

  #answeredAt: number | undefined;
  #endedAt: number | undefined;
  #outcome: Outcome | undefined;

  constructor(
    listener: AttemptListener,
    begun: PoolAttempt,
    now: () => number,
    previous: Attempt | undefined,
    hedge: boolean,
  ) {
    this.#listener = listener;
    this.#begun = begun;
    this.#now = now;
    this.peer = begun.peer;
    this.previous = previous;
    this.number = previous === undefined ? 1 : previous.number + 1;
    this.hedge = hedge;
    this.onAnswered = undefined;
  }

  get repeatable(): boolean {
    return this.#listener.idempotent;
  }

  get startedAt(): number {
    return this.#begun.startedAt;
  }

  /** Whether any of it can have reached the peer: undici starts a request when it has a connection to write it to. */
  get sent(): boolean {
    return this.#controller !== undefined;
  }

  /** Whether nothing comes of it any more. */
  get over(): boolean {
    return this.#phase === 'over';
  }

  /** Of its answer; undefined while there is none. */
  get statusCode(): number | undefined {
    return this.#statusCode;
  }

  /** Whether it holds an answer that can still be passed on. */
  get isHeld(): boolean {
    return this.#phase === 'held';
  }

  summary(now: number): AttemptSummary {
    const outcome = this.#outcome;
    return {
      peer: this.peer.id,
      origin: this.peer.endpoint.origin,
      elapsedMs: (this.#answeredAt ?? this.#endedAt ?? now) - this.startedAt,
      failure: outcome?.kind === 'failure' ? outcome.reason : undefined,
      statusCode: this.#statusCode,
    };
  }

  // What the call decides.

  /** Passes the answer on to the caller as it comes. */
  pass(): void {
    if (this.#controller === undefined) return;
    this.#phase = 'passing';
    this.#passed = true;
    this.#listener.caller.answer(this.#controller, this.#statusCode ?? 0, this.#headers, this.#statusText);
  }

  /** Keeps the answer unread, to be passed on or dropped later. What it says of the peer is told now. */
  hold(now: number): void {
    this.#phase = 'held';
    this.#controller?.pause();
    this.#end(this.#verdict?.outcome ?? success, now);
  }

  /** Passes on an answer that was held: what has come of it, and the rest as it comes. */
  passHeld(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    const { caller } = this.#listener;
    // They were counted when they came, and are counted again as they go.
    this.#bytes = 0;
    try {
      this.pass();
      for (const chunk of this.#heldChunks) this.onResponseData(controller, chunk);
      if (this.#heldTrailers !== undefined) this.#endAnswer(this.#heldTrailers);
      else this.#resume(() => !caller.paused);
    } catch (error) {
      // undici would abort if this were one of its own calls.
      this.abort(error instanceof Error ? error : new Error('The handler failed', { cause: error }));
    }
  }

  /** The answer that was held is not wanted. */
  drop(): void {
    if (this.#phase !== 'held') return;
    this.#phase = this.#heldTrailers === undefined ? 'dropped' : 'over';
    this.#resume(() => true);
  }

  /** Ends it without an answer. `outcome` is what that says of the peer. */
  giveUp(error: Error, outcome: Outcome, now: number): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#givenUpFor = error;
    this.#end(outcome, now);
    this.#controller?.abort(error);
  }

  /** The caller does not want the rest of what is being passed on. undici tells of it, as for any request that is aborted. */
  abort(reason: Error): void {
    // An answer that was held to its end is over for undici, and only we pass it on.
    if (this.#heldTrailers !== undefined) this.onResponseError(null, reason);
    else this.#controller?.abort(reason);
  }

  // What undici tells.

  onRequestStart(controller: Controller): void {
    // undici lets go of what throws here before anything is written; for what aborts it would close the connection, too.
    if (this.#givenUpFor !== undefined) throw this.#givenUpFor;
    this.#controller = controller;
  }

  onRequestUpgrade(controller: Controller, statusCode: number, headers: ResponseHeaders, socket: UpgradedSocket): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'over';
    this.#passed = true;
    const now = this.#now();
    this.#answeredAt = now;
    this.#statusCode = statusCode;
    this.#end(success, now);
    this.#listener.onPassed(undefined, now);
    this.#listener.caller.upgrade(controller, statusCode, headers, socket);
  }

  onResponseStart(controller: Controller, statusCode: number, headers: ResponseHeaders, statusText?: string): void {
    if (this.#phase !== 'open') return;
    if (statusCode < 200) {
      this.#listener.caller.inform(controller, statusCode, headers, statusText);
      return;
    }
    const now = this.#now();
    this.#answeredAt = now;
    this.#statusCode = statusCode;
    this.#headers = headers;
    this.#statusText = statusText;
    this.#verdict = verdictOfStatus(statusCode, headers, this.#listener.rules.retryStatuses);
    this.#listener.onAnswer(this, headers, this.#verdict, now);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#phase === 'passing') {
      this.#passData(controller, chunk);
    } else if (this.#phase === 'held') {
      if (this.#heldChunks === none) this.#heldChunks = [];
      this.#heldChunks.push(chunk);
    } else if (this.#phase === 'dropped' && this.#bytes > mostDroppedBytes) {
      controller.abort(new Error('The answer is not wanted'));
    }
  }

  onResponseEnd(_controller: Controller, trailers: Trailers): void {
    this.#endAnswer(trailers);
    if (this.#headers.connection !== 'close') this.onAnswered?.();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    const phase = this.#phase;
    const now = this.#now();
    this.#phase = 'over';
    switch (phase) {
      case 'open': {
        const verdict = this.#listener.isCallersOwn(error) ? callersOwn : verdictOfError(error, this.sent);
        this.#end(verdict.outcome, now);
        this.#listener.onFailure(this, verdict, error, now);
        break;
      }
      case 'passing':
        this.#end(this.#outcomeOfBreak(error), now);
        this.#listener.onPassed(error, now);
        this.#listener.caller.fail(error);
        break;
      case 'over':
        // The caller threw at the end of its answer, and hears of it as it would from undici.
        if (this.#passed) this.#listener.caller.fail(error);
        break;
      case 'held':
      case 'dropped':
        break;
      default:
        phase satisfies never;
    }
  }

  onResponseStarted(): void {
    if (this.#phase === 'open') this.#listener.caller.responseStarted();
  }

  onBodySent(chunk: Buffer): void {
    if (this.#phase !== 'over') this.#listener.caller.bodySent(chunk);
  }

  onRequestSent(): void {
    if (this.#phase !== 'over') this.#listener.caller.requestSent();
  }

  #endAnswer(trailers: Trailers): void {
    if (this.#phase === 'held') {
      this.#heldTrailers = trailers;
      return;
    }
    const passing = this.#phase === 'passing';
    this.#phase = 'over';
    if (!passing) return;
    const now = this.#now();
    this.#end(this.#verdict?.outcome ?? success, now);
    this.#listener.onPassed(undefined, now);
    this.#listener.caller.end(trailers);
  }

  /**
   * Has undici go on reading, if `wanted` by then. Not here and now: this may be called because another answer has just ended, while
   * undici parses that one, and it parses one at a time.
   */
  #resume(wanted: () => boolean): void {
    queueMicrotask(() => {
      if (wanted()) this.#controller?.resume();
    });
  }

  #passData(controller: Controller, chunk: Buffer): void {
    const { caller, rules } = this.#listener;
    if (this.#bytes > rules.maxResponseBytes) {
      const { service } = this.#listener;
      controller.abort(new ResponseTooLargeError(service, this.peer.endpoint.origin, rules.maxResponseBytes));
      return;
    }
    caller.data(chunk);
  }

  /** What it says of the peer that its answer broke off. */
  #outcomeOfBreak(error: Error): Outcome {
    if (this.#listener.caller.aborted || this.#listener.isCallersOwn(error)) return ignored;
    return error instanceof ResponseTooLargeError ? failure('status') : outcomeOfBrokenAnswer(error);
  }

  #end(outcome: Outcome, now: number): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#endedAt = now;
    this.#begun.end(outcome, now, this.#answeredAt);
    this.#listener.onOutcome(this, outcome, now);
  }
}

const none: Buffer[] = [];
const noHeaders: ResponseHeaders = {};
