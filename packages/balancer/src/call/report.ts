import type { Outcome, Peer, PickTrace } from '@lb/core';

import { channels, type RequestInfo, requests } from '../channels.ts';
import type { OverflowLimit } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { RetryDecision } from './retry-decision.ts';
import type { Verdict } from './verdict.ts';

/** Tells of one request, as it goes on. What nobody listens to is not made. */
export class CallReport {
  readonly info: { -readonly [Field in keyof RequestInfo]: RequestInfo[Field] };
  /** Whether somebody traces it. Asked once: that looks at five channels. */
  readonly traced: boolean = requests.hasSubscribers;

  constructor({ service, policy }: { service: string; policy: { name: string } }, method: string, path: string) {
    this.info = {
      service,
      policy: policy.name,
      method,
      path,
      attempts: 0,
      peer: undefined,
      hedged: false,
      hedgeWon: false,
      statusCode: undefined,
      error: undefined,
      aborted: false,
      elapsedMs: undefined,
    };
  }

  /** Runs `start`, which begins the request, where whoever traces requests wants it to run. */
  trace(start: () => void): void {
    requests.start.runStores(this.info, () => {
      start();
      requests.end.publish(this.info);
    });
  }

  begun(attempt: Attempt, trace: PickTrace | undefined): void {
    const { peer, number, hedge } = attempt;
    this.info.attempts = number;
    this.info.peer = peer;
    if (hedge) {
      this.info.hedged = true;
      channels.hedge.publish({ ...this.#about(peer), attempt: number });
    }
    if (trace !== undefined) channels.pick.publish({ ...this.#about(peer), attempt: number, trace });
  }

  ended(attempt: Attempt, outcome: Outcome, now: number): void {
    if (!channels.attempt.hasSubscribers) return;
    const { elapsedMs, statusCode } = attempt.summary(now);
    const { peer, number, hedge } = attempt;
    channels.attempt.publish({ ...this.#about(peer), attempt: number, hedge, outcome, statusCode, elapsedMs });
  }

  decided(attempt: Attempt, { kind }: Verdict, decision: RetryDecision): void {
    const { peer, number } = attempt;
    if (decision.retry) {
      const { delayMs, charged } = decision;
      channels.retry.publish({ ...this.#about(peer), attempt: number, kind, delayMs, charged });
    } else {
      channels.noRetry.publish({ ...this.#about(peer), attempt: number, kind, why: decision.why });
    }
  }

  overflowed(limit: OverflowLimit, value: number): void {
    channels.overflow.publish({ service: this.info.service, limit, value });
  }

  /** An answer is passed on. */
  answered({ peer, hedge, statusCode }: Attempt, elapsedMs: number): void {
    this.info.peer = peer;
    this.info.hedgeWon = hedge;
    this.info.statusCode = statusCode;
    this.info.elapsedMs = elapsedMs;
  }

  over(error: Error | undefined, aborted: boolean, elapsedMs: number): void {
    this.info.error = error;
    this.info.aborted = aborted;
    this.info.elapsedMs ??= elapsedMs;
    if (channels.request.hasSubscribers) channels.request.publish(this.info);
    if (!this.traced) return;
    if (error !== undefined) requests.error.publish(this.info);
    requests.asyncStart.publish(this.info);
    requests.asyncEnd.publish(this.info);
  }

  #about(peer: Peer): { service: string; request: RequestInfo; peer: Peer } {
    return { service: this.info.service, request: this.info, peer };
  }
}
