/**
 * What is simulated: servers, clients, what lies between them, and what happens to them. Plain data; times in milliseconds.
 *
 * `scenario/` reads this from YAML, `races/` and code write it directly. `checkModel` says what makes no sense.
 */
import type { BackoffOptions, HedgeDelayOptions, RetryBudgetOptions } from '@lb/core';

import type { Distribution } from './chance/distribution.ts';

/** A cluster: servers, clients, what lies between them, and what happens to them. */
export interface Model {
  readonly servers: readonly ServerModel[];
  readonly clients: ClientsModel;
  readonly load: LoadModel;
  /** What a request asks of a server, unless the server has its own. */
  readonly service: Distribution;
  readonly network?: NetworkModel;
  readonly registry?: RegistryModel;
  readonly changes?: readonly Change[];
  /** Requests begin from 0 up to here; what is under way then is still waited for. */
  readonly durationMs: number;
  /** What begins before this is not counted. Defaults to 0. */
  readonly warmupMs?: number;
}

/** One server, and what it registers. */
export interface ServerModel {
  readonly id: string;
  /** Requests that it works on at once. */
  readonly slots: number;
  /** Requests that wait for a slot; more are refused at once with an overload. Defaults to no limit. */
  readonly queueLimit?: number;
  /** Work done in a unit of time: 0.5 takes twice as long. Defaults to 1. */
  readonly speed?: number;
  readonly service?: Distribution;
  /** Processor time beside the work, in which requests do not overlap. Defaults to none. */
  readonly cpu?: CpuModel;
  /** What it registers. Default: weight and zone not given, no limit of concurrency. */
  readonly weight?: number;
  readonly maxConcurrency?: number;
  readonly zone?: string;
  /** Whether it is there from the start, or comes with a `start` among the changes. Defaults to true. */
  readonly present?: boolean;
}

/**
 * A bucket of tokens: each request takes one before its work begins, and waits for it when there is none. What a quota of a container
 * group does: a burst runs at full speed until the quota of the period is used up, then all wait.
 */
export interface CpuModel {
  /** Requests a second that the processor share is enough for, at speed 1. */
  readonly perSecond: number;
  /** Requests that may start at once after a pause. Defaults to 1. */
  readonly burst?: number;
}

/** Clients, all alike, each with a pool of its own. */
export interface ClientsModel {
  readonly count: number;
  /** Requests of one client that may wait while no peer can take one; more fail. Defaults to 128. */
  readonly maxPending?: number;
  /** After this long an attempt is given up. Defaults to never. */
  readonly attemptTimeoutMs?: number;
  /** Attempts for one request, the first included. Defaults to 1: no retries. */
  readonly maxAttempts?: number;
  readonly retryBudget?: RetryBudgetOptions;
  readonly backoff?: BackoffOptions;
  /** Sends a second attempt when the first takes longer than most. Defaults to not at all. */
  readonly hedge?: HedgeDelayOptions;
}

/** How requests arrive: at a rate whatever happens, or one after the other on each connection. */
export type LoadModel =
  /** Requests that arrive whatever becomes of those before: a Poisson process over all clients together. */
  | { readonly kind: 'open'; readonly perSecond: number }
  /** Connections, over all clients together, each of which sends a request when the one before has ended. */
  | {
      readonly kind: 'closed';
      readonly connections: number;
      readonly thinkMs?: number;
      /**
       * Pause of a connection whose request has failed, for what an error costs its caller. Defaults to 1 ms; it is above 0, as a
       * loop of failures that take no time would never end.
       */
      readonly pauseAfterFailureMs?: number;
    };

/** What a request and its answer take on the way. */
export interface NetworkModel {
  /** One way. Defaults to 0.25 ms. */
  readonly delayMs?: number;
  /** Up to this much more, uniformly. Defaults to 0. */
  readonly jitterMs?: number;
}

/** How late clients hear of changes, and when not at all. */
export interface RegistryModel {
  /** From a change to when clients hear of it. Defaults to 5 ms. */
  readonly lagMs?: number;
  /** How long after a crash the registration goes. Defaults to 15 000. */
  readonly leaseTtlMs?: number;
  /** While it is away, clients hear nothing, and leases do not run out. */
  readonly outages?: readonly { readonly fromMs: number; readonly untilMs: number }[];
}

/** Something that happens at a time, to one server or to the load. */
export type Change =
  /** From now on it works at this speed; 0 is a pause, in which it takes requests and answers none. */
  | { readonly atMs: number; readonly kind: 'speed'; readonly server: string; readonly speed: number }
  | { readonly atMs: number; readonly kind: 'slots'; readonly server: string; readonly slots: number }
  /** A share of requests fails after a fixed time without having been worked on. A share of 0 ends it. */
  | {
      readonly atMs: number;
      readonly kind: 'failing';
      readonly server: string;
      readonly share: number;
      readonly afterMs: number;
    }
  /** The process is gone, and what it held with it; its lease runs out later. */
  | { readonly atMs: number; readonly kind: 'crash'; readonly server: string }
  /** A process starts and registers, under a new id if it has been there before. */
  | { readonly atMs: number; readonly kind: 'start'; readonly server: string }
  /** It finishes what it has and says in the registry that it takes no more. */
  | { readonly atMs: number; readonly kind: 'drain'; readonly server: string }
  /** It leaves the registry, and answers whoever still asks. */
  | { readonly atMs: number; readonly kind: 'deregister'; readonly server: string }
  | { readonly atMs: number; readonly kind: 'weight'; readonly server: string; readonly weight: number }
  /** Open load: from now on so many a second. */
  | { readonly atMs: number; readonly kind: 'load'; readonly perSecond: number };
