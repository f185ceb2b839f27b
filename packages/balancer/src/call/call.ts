/**
 * One request, from the caller's dispatch to the end that it is told: which peers are tried, when, and which answer it gets.
 *
 *     start ─▶ acquire ─peer─▶ begin ─▶ attempt ─good answer─▶ passed on ─▶ over
 *               │   ▲ ▲                    └─bad, lost, timed out─▶ decide ─no─▶ the bad answer, or an error
 *          full ▼   │ └──────────────back-off◀──────────yes──────────┘
 *              queue┘
 *
 * It has one timer, for whichever comes first: the end of the back-off, of the attempt's time, of the wait for a hedge, or of the
 * request's own time.
 */
import { failure, ignored, type Outcome, type Peer, type PickTrace } from '@lb/core';
import { AsyncResource } from 'node:async_hooks';
import { type Dispatcher, errors } from 'undici';

import { channels } from '../channels.ts';
import {
  AttemptsFailedError,
  type AttemptSummary,
  AttemptTimeoutError,
  DeadlineError,
  type NoRetryReason,
  OverflowError,
} from '../errors.ts';
import { attemptHeader, type HeaderList, timeoutHeader } from '../headers/header-list.ts';
import type { LinkedList, ListNode } from '../linked-list.ts';
import { type Route, union } from '../routing/route.ts';
import { type TimerOwner, WheelTimer } from '../time/timer-wheel.ts';
import type { Ticket, Waiter } from '../wait-queue.ts';
import { Attempt, type AttemptListener } from './attempt.ts';
import type { CallRules } from './call-rules.ts';
import { type AbortListener, Caller, type Handler, type ResponseHeaders } from './caller.ts';
import type { CallEnvironment } from './environment.ts';
import { isStreamed, ReplayBody } from './replay-body.ts';
import { CallReport } from './report.ts';
import { decideRetry, type RetryDecision } from './retry-decision.ts';
import { type Verdict, verdictOfTimeout } from './verdict.ts';

/** What the caller wants done. */
export interface CallRequest {
  readonly options: Dispatcher.DispatchOptions;
  readonly headers: HeaderList;
  readonly route: Route;
  readonly rules: CallRules;
  /** Whether doing it twice is safe. */
  readonly idempotent: boolean;
  /** Whether a second attempt may be sent beside the first. */
  readonly hedge: boolean;
}

/** Whoever keeps the list of calls under way. */
export interface CallOwner {
  readonly calls: LinkedList<Call>;
  /** One is over, and no longer in the list. */
  onCallOver(): void;
}

export class Call implements AttemptListener, AbortListener, Waiter, TimerOwner {
  readonly caller: Caller;
  readonly rules: CallRules;
  readonly takesAny: boolean;
  readonly #environment: CallEnvironment;
  readonly #request: CallRequest;
  readonly #owner: CallOwner;
  readonly #place: ListNode<Call>;
  readonly #report: CallReport;
  readonly #body: ReplayBody | undefined;
  readonly #timer = new WheelTimer(this);
  /** The asynchronous context of the request. Later attempts run in it too, so that traces and logs find the request they are of. */
  #scope: AsyncResource | undefined;
  #started = false;
  #over = false;

  /** The attempt that was begun last; those before it are found through it. */
  #last: Attempt | undefined;
  /** Not answered yet. */
  #open: Attempt | undefined;
  #openHedge: Attempt | undefined;
  /** Answered badly, and will do if there is nothing better. */
  #held: Attempt | undefined;
  /** Being read by the caller. */
  #passing: Attempt | undefined;
  /** Peers not to try again while there are others. */
  #tried: Set<Peer> | undefined;
  /** Attempts after the first that were paid for, and those that were not. */
  #charged = 0;
  #free = 0;
  #trace: PickTrace | undefined;
  /** What the last attempt failed with. */
  #failure: Error | undefined;
  /** Its place in the queue. */
  #ticket: Ticket | undefined;

  // When what is due.
  #startedAt = 0;
  #deadlineAt = Infinity;
  #attemptEndsAt = Infinity;
  #hedgeAt = Infinity;
  #retryAt = Infinity;

  constructor(environment: CallEnvironment, request: CallRequest, handler: Handler, owner: CallOwner) {
    const { options, rules, route } = request;
    this.caller = new Caller(handler, this);
    this.rules = rules;
    this.takesAny = route.barred === undefined;
    this.#environment = environment;
    this.#request = request;
    this.#owner = owner;
    this.#place = owner.calls.add(this);
    this.#report = new CallReport(environment.pool, options.method, options.path);
    // undici's `request` and `stream` bring theirs along. Whoever traces gives the request another one when it starts.
    this.#scope = handler instanceof AsyncResource && !this.#report.traced ? handler : undefined;
    this.#body = isStreamed(options.body) ? new ReplayBody(options.body, rules.replayLimitBytes) : undefined;
  }

  start(): void {
    if (this.#report.traced) this.#report.trace(() => this.#start());
    else this.#start();
    this.#started = true;
  }

  get service(): string {
    return this.#environment.service;
  }

  get idempotent(): boolean {
    return this.#request.idempotent;
  }

  /** Ends the request, wherever it is. */
  destroy(error: Error): void {
    // What the caller reads already ends through undici, which closes the connection.
    if (this.#passing === undefined) this.#fail(error, this.#environment.now());
    else this.#passing.abort(error);
  }

  // What the caller wants.

  onAbort(reason: Error): void {
    // Without a reason undici has one of its own.
    this.destroy(reason ?? new errors.RequestAbortedError());
  }

  // What the queue says.

  pick(now: number): Peer | undefined {
    const { barred, avoided } = this.#request.route;
    const tried = this.#tried;
    if (avoided === undefined && tried === undefined) return this.#pickOutside(barred, now);
    // First one that is where it should go, and new to it; then one that is new to it; then any that it may go to.
    return (
      this.#pickOutside(union(barred, avoided, tried), now) ??
      (avoided === undefined ? undefined : this.#pickOutside(union(barred, tried), now)) ??
      (tried === undefined ? undefined : this.#pickOutside(barred, now))
    );
  }

  resume(peer: Peer, now: number): void {
    this.#ticket = undefined;
    this.#begin(peer, false, now);
  }

  reconsider(now: number): void {
    if (this.#hasCandidate()) return;
    this.#leaveQueue();
    this.#giveUp(this.#noEndpoint(now), now);
  }

  // What attempts say.

  onAnswer(attempt: Attempt, headers: ResponseHeaders, verdict: Verdict | undefined, now: number): void {
    this.#environment.onHeaders(attempt.peer, headers, now);
    this.#close(attempt, now);
    if (verdict !== undefined) {
      // While another attempt is open, it may do better.
      if (this.#isOpen) {
        this.#hold(attempt, now);
        return;
      }
      const decision = this.#decide(attempt, verdict, now);
      if (decision.retry) {
        this.#hold(attempt, now);
        this.#retry(decision, now);
        return;
      }
    }
    this.#settleOn(attempt, now);
    attempt.pass();
  }

  onFailure(attempt: Attempt, verdict: Verdict, error: Error, now: number): void {
    this.#close(attempt, now);
    this.#failure = error;
    if (this.#isOpen) return;
    if (verdict.kind === 'final') {
      this.#fail(error, now);
      return;
    }
    const decision = this.#decide(attempt, verdict, now);
    if (decision.retry) this.#retry(decision, now);
    else this.#giveUp(this.#failed(decision.why, error, now), now);
  }

  onPassed(error: Error | undefined, now: number): void {
    if (!this.#over) this.#finish(error, now);
  }

  onOutcome(attempt: Attempt, outcome: Outcome, now: number): void {
    this.#report.ended(attempt, outcome, now);
    this.#environment.queue.serve(now);
  }

  isCallersOwn(error: Error): boolean {
    return this.caller.threw(error) || (this.#body !== undefined && this.#body.error === error);
  }

  // What time says.

  onTime(now: number): void {
    if (now >= this.#deadlineAt) this.#endTime(now);
    else if (now >= this.#retryAt) this.#acquire(now);
    else if (now >= this.#attemptEndsAt) this.#endAttempts(now);
    else if (now >= this.#hedgeAt) this.#hedge(now);
    if (!this.#over && this.#passing === undefined) this.#arm(now);
  }

  #start(): void {
    const { budget } = this.#environment;
    const now = this.#environment.now();
    this.#scope ??= new AsyncResource('LB_REQUEST');
    this.#startedAt = now;
    this.#deadlineAt = now + this.rules.timeoutMs;
    budget.deposit(now);
    try {
      this.caller.begin({ lb: this.#report.info });
    } catch (error) {
      this.#fail(asError(error), now);
    }
    // The caller may have aborted there and then.
    if (!this.#over) this.#acquire(now);
  }

  /** Looks for a peer, or waits for one. */
  #acquire(now: number): void {
    const { isReady, queue, service } = this.#environment;
    this.#retryAt = Infinity;
    const ready = isReady();
    const peer = ready && !queue.goesFirst ? this.pick(now) : undefined;
    if (peer !== undefined) {
      this.#begin(peer, false, now);
      return;
    }
    if (ready && !this.#hasCandidate()) {
      this.#giveUp(this.#noEndpoint(now), now);
      return;
    }
    this.#ticket = queue.add(this, now);
    if (this.#ticket === undefined) {
      this.#report.overflowed('queueLimit', queue.limit);
      this.#giveUp(new OverflowError(service, 'queueLimit', queue.limit, causedBy(this.#failure)), now);
    } else {
      this.#arm(now);
    }
  }

  #leaveQueue(): void {
    if (this.#ticket === undefined) return;
    this.#environment.queue.remove(this.#ticket);
    this.#ticket = undefined;
  }

  /** Whether there is a peer for it, with room or without, other than those of `tried`. */
  #hasCandidate(tried?: ReadonlySet<Peer>): boolean {
    const { barred } = this.#request.route;
    for (const peer of this.#environment.pool.peers) {
      if (barred?.has(peer) !== true && tried?.has(peer) !== true) return true;
    }
    return false;
  }

  #noEndpoint(now: number): Error {
    const none = this.#environment.pool.noEndpoint();
    return this.#failure === undefined ? none : this.#failed('no-endpoint', this.#failure, now);
  }

  #pickOutside(exclude: ReadonlySet<Peer> | undefined, now: number): Peer | undefined {
    this.#trace = channels.pick.hasSubscribers ? { reason: '', candidates: [] } : undefined;
    // What a route rules out is no failure: a peer that is set aside comes back by requests like this.
    const retry = this.#tried !== undefined;
    return this.#environment.pool.pick({ now, key: this.#request.route.key, exclude, retry, trace: this.#trace });
  }

  #begin(peer: Peer, hedge: boolean, now: number): void {
    const { pool, hedging, counters } = this.#environment;
    if (pool.tier === 'panic') counters.panicPicks += 1;
    const attempt = new Attempt(this, pool.begin(peer, now), this.#environment.now, this.#last, hedge);
    this.#last = attempt;
    this.#report.begun(attempt, this.#trace);
    this.#attemptEndsAt = now + this.rules.attemptTimeoutMs;
    if (hedge) {
      this.#openHedge = attempt;
      this.#tried?.add(peer);
    } else {
      this.#open = attempt;
      this.#held?.drop();
      this.#held = undefined;
      const waitMs = attempt.number === 1 && this.#request.hedge ? hedging?.begin(now) : undefined;
      this.#hedgeAt = waitMs === undefined ? Infinity : now + waitMs;
    }
    this.#arm(now);
    if (this.#started) this.#scope?.runInAsyncScope(() => this.#send(attempt, now));
    else this.#send(attempt, now);
  }

  #send(attempt: Attempt, now: number): void {
    const { options } = this.#request;
    const { peer } = attempt;
    try {
      const http1Only = 'allowH2' in options && options.allowH2 === false;
      const { dispatcher, servername } = this.#environment.connect(peer, http1Only);
      const attemptOptions = {
        ...options,
        origin: peer.endpoint.origin,
        headers: this.#headers(attempt, now),
        body: this.#body === undefined ? options.body : this.#body.open(),
        servername,
        headersTimeout: options.headersTimeout ?? this.#headersTimeout,
        // undici refuses a dispatch that names a dispatcher, which callers of its version 7 do.
        dispatcher: undefined,
      };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- undici takes iterables and names, its types do not say so
      dispatcher.dispatch(attemptOptions as Dispatcher.DispatchOptions, attempt);
    } catch (error) {
      attempt.onResponseError(null, asError(error));
    }
  }

  #headers({ number }: Attempt, now: number): HeaderList {
    const { headers } = this.#request;
    if (!this.rules.announce) return headers;
    const leftMs = this.#deadlineAt - now;
    const left = String(Math.max(1, Math.floor(leftMs)));
    // A first attempt is known by its deadline: a header costs both sides about as much as all that we do for a request.
    if (number === 1 && leftMs < Infinity)
      return headers.length === 0 ? [timeoutHeader, left] : [...headers, timeoutHeader, left];
    const numbered = [...headers, attemptHeader, String(number)];
    return leftMs < Infinity ? [...numbered, timeoutHeader, left] : numbered;
  }

  /** Takes undici's own time-out away where it would come before ours. */
  get #headersTimeout(): 0 | undefined {
    const { timeoutMs, netMs } = this.rules;
    return timeoutMs < netMs ? undefined : 0;
  }

  get #isOpen(): boolean {
    return this.#open !== undefined || this.#openHedge !== undefined;
  }

  /** The attempt is no longer open. */
  #close(attempt: Attempt, now: number): void {
    if (attempt === this.#open) this.#open = undefined;
    if (attempt === this.#openHedge) this.#openHedge = undefined;
    if (this.#request.hedge) this.#environment.hedging?.record(now - attempt.startedAt);
  }

  #hold(attempt: Attempt, now: number): void {
    this.#held?.drop();
    this.#held = attempt;
    attempt.hold(now);
  }

  /** Whether another attempt follows one that has failed, and when. If one does, it has been paid for. */
  #decide(attempt: Attempt, verdict: Verdict, now: number): RetryDecision {
    const { budget, random } = this.#environment;
    const tried = (this.#tried ??= new Set());
    tried.add(attempt.peer);
    const facts = {
      verdict,
      idempotent: this.#request.idempotent,
      replayable: this.#body?.replayable ?? true,
      charged: this.#charged,
      free: this.#free,
      untried: this.#hasCandidate(tried),
      remainingMs: this.#deadlineAt - now,
    };
    let decision = decideRetry(facts, this.rules, random);
    if (decision.retry && decision.charged && !budget.tryWithdraw(now)) decision = { retry: false, why: 'budget' };
    this.#report.decided(attempt, verdict, decision);
    return decision;
  }

  #retry({ charged, delayMs }: RetryDecision & { retry: true }, now: number): void {
    if (charged) this.#charged += 1;
    else this.#free += 1;
    this.#attemptEndsAt = Infinity;
    this.#hedgeAt = Infinity;
    if (delayMs === 0) {
      this.#acquire(now);
    } else {
      this.#retryAt = now + delayMs;
      this.#arm(now);
    }
  }

  /** There will be no other attempt: the caller gets what there is. */
  #giveUp(error: Error, now: number): void {
    const held = this.#held;
    if (held?.isHeld !== true) {
      this.#fail(error, now);
      return;
    }
    this.#settleOn(held, now);
    held.passHeld();
  }

  /** This attempt's answer it is. */
  #settleOn(attempt: Attempt, now: number): void {
    const { wheel } = this.#environment;
    this.#passing = attempt;
    if (this.#held !== attempt) this.#held?.drop();
    this.#held = undefined;
    wheel.clear(this.#timer);
    this.#leaveQueue();
    this.#body?.commit();
    this.#report.answered(attempt, now - this.#startedAt);
    if (this.#isOpen) this.#abandon(new Error('Another attempt answered first'), now);
  }

  /** The attempts that are open are not waited for any longer. */
  #abandon(error: Error, now: number): void {
    for (const attempt of [this.#open, this.#openHedge]) {
      if (attempt === undefined) continue;
      this.#close(attempt, now);
      // One that had all the time that it should need is a failure of its peer; one that had less says nothing.
      const enoughMs = Math.min(this.rules.attemptTimeoutMs, this.rules.timeoutMs / 2);
      const late = !this.caller.aborted && now - attempt.startedAt >= enoughMs;
      attempt.giveUp(error, late ? failure('timeout') : ignored, now);
    }
  }

  /** The request's time is up. */
  #endTime(now: number): void {
    const { service, isReady } = this.#environment;
    if (!isReady()) {
      this.#giveUp(this.#noEndpoint(now), now);
      return;
    }
    const attempt = this.#open ?? this.#openHedge;
    if (attempt !== undefined) this.#timeOut(attempt, now);
    const { timeoutMs } = this.rules;
    this.#giveUp(new DeadlineError(service, timeoutMs, this.#summaries(now), causedBy(this.#failure)), now);
  }

  /** The time of what is open is up: if another attempt may follow, it takes its place; else what is open goes on. */
  #endAttempts(now: number): void {
    this.#attemptEndsAt = Infinity;
    const attempt = this.#open ?? this.#openHedge;
    if (attempt === undefined) return;
    const decision = this.#decide(attempt, verdictOfTimeout(attempt.sent), now);
    if (!decision.retry) return;
    this.#timeOut(attempt, now);
    if (!this.#over) this.#retry(decision, now);
  }

  /** `attempt`, and what else is open, has taken too long. */
  #timeOut(attempt: Attempt, now: number): void {
    this.#failure = new AttemptTimeoutError(attempt.peer.endpoint.origin, now - attempt.startedAt);
    this.#abandon(this.#failure, now);
  }

  /** Sends a second attempt beside the first, if there is a peer for it, and it may be sent and can be paid for. */
  #hedge(now: number): void {
    const { hedging, budget } = this.#environment;
    this.#hedgeAt = Infinity;
    if (this.#open === undefined || hedging === undefined || this.#body !== undefined) return;
    if (this.rules.attempts < 2 || this.#deadlineAt - now < this.rules.leastMs) return;
    (this.#tried ??= new Set()).add(this.#open.peer);
    const { barred, avoided } = this.#request.route;
    const peer = this.#pickOutside(union(barred, avoided, this.#tried), now);
    if (peer === undefined || !hedging.tryTake(now) || !budget.tryWithdraw(now)) return;
    this.#charged += 1;
    this.#begin(peer, true, now);
  }

  #arm(now: number): void {
    if (this.#over || this.#passing !== undefined) return;
    const at = Math.min(this.#deadlineAt, this.#attemptEndsAt, this.#hedgeAt, this.#retryAt);
    this.#environment.wheel.set(this.#timer, at, now);
  }

  #fail(error: Error, now: number): void {
    if (this.#over) return;
    this.#finish(error, now);
    this.caller.fail(error);
  }

  #finish(error: Error | undefined, now: number): void {
    const { wheel } = this.#environment;
    this.#over = true;
    this.#scope = undefined;
    wheel.clear(this.#timer);
    this.#leaveQueue();
    if (this.#isOpen) this.#abandon(error ?? new Error('The request is over'), now);
    this.#held?.drop();
    this.#held = undefined;
    this.#body?.release();
    this.#report.over(error, this.caller.aborted, now - this.#startedAt);
    this.#owner.calls.remove(this.#place);
    this.#owner.onCallOver();
  }

  #failed(why: NoRetryReason, cause: Error, now: number): AttemptsFailedError {
    return new AttemptsFailedError(this.#environment.service, this.#summaries(now), why, cause);
  }

  #summaries(now: number): AttemptSummary[] {
    const summaries: AttemptSummary[] = [];
    for (let attempt = this.#last; attempt !== undefined; attempt = attempt.previous) {
      summaries.unshift(attempt.summary(now));
    }
    return summaries;
  }
}

function causedBy(cause: Error | undefined): ErrorOptions | undefined {
  return cause && { cause };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('Something was thrown that is no error', { cause: error });
}
