/**
 * What happens in here, for whoever wants to log, count or trace it. Libraries do not log: they publish, and the application decides.
 * `docs/telemetry.md` lists all of it on one page. A channel that nobody listens to costs one comparison.
 */
import {
  type Channel,
  type Ejection,
  type Outcome,
  type Peer,
  type PickTrace,
  type PoolChange,
  type Tier,
  typedChannel,
} from '@lb/core';
import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

import type { FailureKind } from './call/verdict.ts';
import type { NoRetryReason, OverflowLimit } from './errors.ts';

/**
 * One request. The same object in all messages about it, and as `context.lb` of undici's handlers and of what `request()` resolves with,
 * filled in as the request goes on.
 */
export interface RequestInfo {
  readonly service: string;
  readonly policy: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** How many attempts have begun. */
  readonly attempts: number;
  /** The peer that answers, or that was tried last. */
  readonly peer: Peer | undefined;
  /** Whether a hedge was sent. */
  readonly hedged: boolean;
  /** Whether the hedge gave the answer. */
  readonly hedgeWon: boolean;
  /** Of the answer that was passed on. */
  readonly statusCode: number | undefined;
  /** What it failed with. */
  readonly error: Error | undefined;
  /** Whether its caller gave it up. */
  readonly aborted: boolean;
  /** Until the answer began or the request failed, in milliseconds. */
  readonly elapsedMs: number | undefined;
}

interface Message {
  readonly service: string;
}

interface AboutRequest extends Message {
  readonly request: RequestInfo;
  readonly peer: Peer;
}

/** Of `channels.pick`. */
export interface PickMessage extends AboutRequest {
  /** Number of the attempt that the peer was picked for, from 1. */
  readonly attempt: number;
  /** Why this peer: what was compared, and what each cost. */
  readonly trace: PickTrace;
}

/** Of `channels.attempt`. */
export interface AttemptMessage extends AboutRequest {
  readonly attempt: number;
  /** Whether it was sent beside one that was still under way. */
  readonly hedge: boolean;
  readonly outcome: Outcome;
  /** Undefined when there was no answer. */
  readonly statusCode: number | undefined;
  /** From the pick to the beginning of the answer, or to the end when there was none, in milliseconds. */
  readonly elapsedMs: number;
}

/** About the attempt that failed. */
export interface RetryMessage extends AboutRequest {
  readonly attempt: number;
  readonly kind: FailureKind;
  /** How long it is until the next attempt, in milliseconds. */
  readonly delayMs: number;
  /** Whether it was paid for out of the budget. */
  readonly charged: boolean;
}

/** Of `channels.noRetry`: the attempt that was the last, and why. */
export interface NoRetryMessage extends AboutRequest {
  readonly attempt: number;
  readonly kind: FailureKind;
  readonly why: NoRetryReason;
}

/** Of `channels.hedge`: the attempt that takes long. */
export interface HedgeMessage extends AboutRequest {
  readonly attempt: number;
}

/** Of `channels.overflow`: which limit was met, and what it is. */
export interface OverflowMessage extends Message {
  readonly limit: OverflowLimit;
  readonly value: number;
}

/** Of `channels.eject`. */
export interface EjectMessage extends Message {
  readonly peer: Peer;
  readonly ejection: Ejection;
}

/** Of channels that tell of a peer and nothing else. */
export interface PeerMessage extends Message {
  readonly peer: Peer;
}

/** Of `channels.tier`: what is picked from now, and was before. */
export interface TierMessage extends Message {
  readonly tier: Tier;
  readonly before: Tier;
}

/** Of `channels.update`: what a snapshot changed. */
export interface UpdateMessage extends Message {
  readonly revision: number;
  readonly change: PoolChange;
}

/** Of `channels.stale`. */
export interface StaleMessage extends Message {
  /** Of the snapshot that stays in use; -1 if there never was one. */
  readonly revision: number;
  /** What the discovery ended with; undefined when it just ended. */
  readonly error: unknown;
}

/** What happens in this package, one channel a kind. */
export interface BalancerChannels {
  /** A request is over. */
  readonly request: Channel<RequestInfo>;
  /** A peer was picked. Whoever listens has the reasons worked out for every pick. */
  readonly pick: Channel<PickMessage>;
  /** An attempt has ended. */
  readonly attempt: Channel<AttemptMessage>;
  /** An attempt has failed and will be followed by another. */
  readonly retry: Channel<RetryMessage>;
  /** An attempt has failed and was the last. */
  readonly noRetry: Channel<NoRetryMessage>;
  /** An attempt takes long, and another was sent beside it. */
  readonly hedge: Channel<HedgeMessage>;
  /** A request was refused, since there are too many under way. */
  readonly overflow: Channel<OverflowMessage>;
  /** A peer was set aside, or its probe has failed and it stays aside for longer. */
  readonly eject: Channel<EjectMessage>;
  /** A peer that was set aside is back. */
  readonly restore: Channel<PeerMessage>;
  /** A suspect was shown to be gone. */
  readonly purge: Channel<PeerMessage>;
  /** A peer has said in an answer that it drains, before the registry did. */
  readonly drain: Channel<PeerMessage>;
  /** Peers are picked from another tier than before, such as `panic`. */
  readonly tier: Channel<TierMessage>;
  /** A snapshot came in and changed something. */
  readonly update: Channel<UpdateMessage>;
  /** The discovery has ended, and the last snapshot stays in use. */
  readonly stale: Channel<StaleMessage>;
}

/** Every channel of this package, to subscribe to. */
export const channels: BalancerChannels = {
  request: typedChannel('lb:request', channel),
  pick: typedChannel('lb:pick', channel),
  attempt: typedChannel('lb:attempt', channel),
  retry: typedChannel('lb:retry', channel),
  noRetry: typedChannel('lb:no-retry', channel),
  hedge: typedChannel('lb:hedge', channel),
  overflow: typedChannel('lb:overflow', channel),
  eject: typedChannel('lb:eject', channel),
  restore: typedChannel('lb:restore', channel),
  purge: typedChannel('lb:purge', channel),
  drain: typedChannel('lb:drain', channel),
  tier: typedChannel('lb:tier', channel),
  update: typedChannel('lb:update', channel),
  stale: typedChannel('lb:stale', channel),
};

/**
 * Every request from dispatch to end, as `node:diagnostics_channel` traces an operation: `start`, `end`, then `asyncStart` and
 * `asyncEnd` when it is over, with `error` before them if it failed. A store that is bound to `start` is there in every attempt.
 */
export const requests: TracingChannel<unknown, RequestInfo> = tracingChannel<unknown, RequestInfo>('lb:request');
