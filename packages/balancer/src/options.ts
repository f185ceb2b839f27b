/** What a balancer and a request can be told, and what they do when they are told nothing. */
import {
  Backoff,
  type BackoffOptions,
  checkNumber,
  type Endpoint,
  type PeerPoolOptions,
  type NumberBounds,
  type Policy,
  type Random,
  type RetryBudgetOptions,
} from '@lb/core';
import type { Dispatcher, Pool } from 'undici';

import type { CallRules } from './call/call-rules.ts';
import type { HedgeOptions } from './hedging.ts';
import type { HashKey } from './routing/hash-key.ts';
import type { RouteWish, SplitPart } from './routing/router.ts';
import type { DiscoverySource } from './discovery-source.ts';
import type { HttpProbes } from './probes/http-probes.ts';
import type { SuspectProbeOptions } from './probes/suspect-probes.ts';
import { openConnections, type TlsSource, type TransportOptions } from './transport/transport.ts';

/** How peers are watched, set aside and preferred: the options of core's `PeerPool`, which say what each is for. */
type PoolOptions = Pick<
  PeerPoolOptions,
  'ejection' | 'slowStart' | 'panicShare' | 'suspicion' | 'preference' | 'subset' | 'limiter'
>;

/** What a balancer can be told. Only `service` and `discovery` must be. */
export interface BalancerOptions extends PoolOptions {
  /** Name of the service, for errors and as the host of its URLs: letters, digits, dots, dashes, underscores. */
  readonly service: string;
  /**
   * Where endpoints come from: `discover(…)` of `@lb/registry`, any `AsyncIterable<Snapshot>`, or a list. With anything but a list,
   * endpoints that vanish in numbers stay as suspects unless `suspicion` says otherwise. Give each balancer its own: it closes the
   * discovery with itself, if that has a `close()`.
   */
  readonly discovery: DiscoverySource;
  /** What chooses among peers. Defaults to `policies.p2cLatency()`. */
  readonly policy?: Policy | undefined;

  /**
   * How long a request may take until its answer begins, in milliseconds, waiting and all attempts included. Defaults to 15 000, as in
   * Envoy: long enough for nearly everything, short enough that a caller learns of it. Set it to what your callers wait for. 0 for
   * no limit. It does not cover the rest of the answer, which may be a stream that lasts for hours; `bodyTimeoutMs` does.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * After how long without an answer another attempt may take the place of one, in milliseconds. Defaults to 500. Only what may be
   * tried again and paid for is: an attempt that nothing can replace keeps the time that the request has. Too short makes slow
   * answers late ones, and up to a fifth more load; too long makes requests to a peer that hangs wait for it. Set it above your 99th
   * percentile. 0 for never.
   */
  readonly attemptTimeoutMs?: number | undefined;
  /** How long an answer may pause, in milliseconds. Defaults to 60 000, after which proxies on the way would give up, too. 0 for no limit. */
  readonly bodyTimeoutMs?: number | undefined;
  /** How long a connection may take to be made, in milliseconds. Defaults to 300: a peer within reach takes single digits. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long requests wait for the first snapshot, in milliseconds, before they fail with `NoEndpointError`. Defaults to 5000. */
  readonly startTimeoutMs?: number | undefined;
  /** How long requests on a peer that left, or at `close()`, may take to finish, in milliseconds. Defaults to 10 000. */
  readonly drainTimeoutMs?: number | undefined;

  /**
   * Most sockets to one peer, and with HTTP/1.1 most requests at once on it. Defaults to 64: with 50 ms an answer, that is 1280 a second.
   * An endpoint's `maxConcurrency` only lowers it; a provider of 200 slots with few consumers wants 200 here.
   */
  readonly connectionsPerPeer?: number | undefined;
  /** Most requests that wait while all peers are full; further ones fail with `OverflowError` at once. Defaults to 128. */
  readonly queueLimit?: number | undefined;
  /**
   * Most requests under way at once; further ones fail with `OverflowError` at once. Defaults to 512: with 50 ms an answer that is
   * 10 000 a second, about what one Node process can send. Raise it for streams and slow answers.
   */
  readonly maxInFlight?: number | undefined;
  /** Most bytes of one answer; a longer one ends with `ResponseTooLargeError`. Defaults to 16 MiB. Infinity for no limit. */
  readonly maxResponseBytes?: number | undefined;

  /** When failed attempts are followed by others. `false` is never. */
  readonly retry?: RetryOptions | false | undefined;
  /** Whether a second attempt is sent beside one that takes long. Off by default: it does work twice. `true` for the defaults. */
  readonly hedge?: HedgeOptions | boolean | undefined;

  /** Has endpoints that vanished without a word asked whether they are still there. Defaults to not asking. */
  readonly probe?: SuspectProbeOptions | undefined;

  /**
   * What `policies.prequal({ source })` asks with, if it asks over HTTP: is told what answers say besides, and closed with the balancer.
   */
  readonly probes?: HttpProbes | undefined;

  /** What makes requests stick to a peer, for sticky policies and a sticky `split`. Defaults to nothing. */
  readonly hashKey?: HashKey | undefined;
  /** Parts of all requests for endpoints with certain metadata, such as a twentieth for a canary. Defaults to none. */
  readonly split?: readonly SplitPart[] | undefined;

  /** TLS options for peers whose origin is `https:`, the same for all or for each. `servername` is what the certificate must name. */
  readonly tls?: TlsSource | undefined;
  /** Whether to speak HTTP/2 to peers. Off by default: requests that share a connection are lost together. `true` for the defaults. */
  readonly http2?: Http2Options | boolean | undefined;
  /**
   * What the `host` header says unless the caller sets it: the endpoint's address, as undici has it, or the name of the service.
   * Defaults to `endpoint`.
   */
  readonly hostHeader?: 'endpoint' | 'service' | undefined;
  /**
   * Whether attempts carry `x-lb-timeout-ms`, the time left, and `x-lb-attempt`, their number, from the second on (from the first if there is
   * no limit of time). Defaults to true; off for providers that are not yours.
   */
  readonly announce?: boolean | undefined;

  /** undici interceptors around every request, the last one outermost, as with `compose`. Defaults to none. */
  readonly interceptors?: readonly Dispatcher.DispatcherComposeInterceptor[] | undefined;
  /** Makes the connections to an endpoint, such as `({ origin }) => mockAgent.get(origin)`. Defaults to undici's `Client`s. */
  readonly connect?: ((endpoint: Endpoint, options: Pool.Options) => Dispatcher) | undefined;
  /** Source of chance. Defaults to `Math.random`. */
  readonly random?: Random | undefined;
}

/** Which failures are followed by another attempt, how soon, and how many. */
export interface RetryOptions {
  /**
   * Most attempts of a request, the first included. Defaults to 3. Attempts that reached nobody do not count, and are made once for
   * each endpoint at most, 8 times in all: with half of all peers dead, one request in 256 draws eight of those in a row.
   */
  readonly attempts?: number | undefined;
  /** Statuses that another peer may do better on, for requests that may be repeated. Defaults to 502, 503 and 504; 429 counts with `Retry-After` only. */
  readonly statuses?: readonly number[] | undefined;
  /** How long to wait before a retry that is paid for. */
  readonly backoff?: BackoffOptions | undefined;
  /** How many retries all requests together may make: a fifth of the requests, and ten a second, by default. */
  readonly budget?: RetryBudgetOptions | undefined;
  /** Most bytes of a streamed body that are kept for another attempt. Defaults to 65 536, as in Linkerd. */
  readonly replayLimitBytes?: number | undefined;
}

/** How HTTP/2 is spoken. */
export interface Http2Options {
  /** Most requests at once on one peer. Defaults to 100, what servers allow on a connection at least (RFC 9113 §6.5.2). */
  readonly streams?: number | undefined;
  /** Whether peers without TLS are spoken to in HTTP/2, too, without asking them. Defaults to false. */
  readonly cleartext?: boolean | undefined;
}

/** What one request can be told: as `lb` among its options. What is not said is as the balancer's options have it. */
export interface LbOptions extends RouteWish {
  /** As `BalancerOptions.timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** As `BalancerOptions.attemptTimeoutMs`. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Most attempts; 1 for requests that somebody else retries. */
  readonly attempts?: number | undefined;
  /** Whether doing it twice is safe. Defaults to what the method says: GET, HEAD, OPTIONS, TRACE, QUERY, PUT and DELETE are. */
  readonly idempotent?: boolean | undefined;
  /** Whether it may be hedged, where the balancer hedges. Defaults to true. */
  readonly hedge?: boolean | undefined;
  /** As `BalancerOptions.maxResponseBytes`. */
  readonly maxResponseBytes?: number | undefined;
}

/** Free attempts: see {@link RetryOptions.attempts}. */
const freeAttempts = 8;
/** With less than this left a retry would be wasted: it is more than the way there and back within a region takes. */
const leastMs = 20;

/** How requests are treated that say nothing themselves. @throws {InvalidOptionError} */
export function rulesOf(options: BalancerOptions): CallRules {
  const retry = options.retry === false ? { attempts: 1 } : (options.retry ?? {});
  const timeoutMs = checkTimeout('timeoutMs', options.timeoutMs ?? 15_000);
  return {
    timeoutMs,
    attemptTimeoutMs: checkTimeout('attemptTimeoutMs', options.attemptTimeoutMs ?? 500),
    netMs: bodyTimeoutOf(options),
    attempts: checkAttempts('retry.attempts', retry.attempts ?? 3),
    freeAttempts: options.retry === false ? 0 : freeAttempts,
    leastMs,
    backoff: new Backoff(retry.backoff),
    retryStatuses: new Set((retry.statuses ?? [502, 503, 504]).map(checkStatus)),
    replayLimitBytes: checkNumber('retry.replayLimitBytes', retry.replayLimitBytes ?? 65_536, { min: 0 }),
    maxResponseBytes: checkNumber('maxResponseBytes', options.maxResponseBytes ?? 16 * 2 ** 20, { min: 0 }),
    announce: options.announce ?? true,
  };
}

/** The rules of one request. @throws {InvalidOptionError} */
export function rulesWith(rules: CallRules, options: LbOptions): CallRules {
  const { timeoutMs, attemptTimeoutMs, attempts, maxResponseBytes } = options;
  if (
    timeoutMs === undefined &&
    attemptTimeoutMs === undefined &&
    attempts === undefined &&
    maxResponseBytes === undefined
  ) {
    return rules;
  }
  return {
    ...rules,
    ...(timeoutMs !== undefined && { timeoutMs: checkTimeout('lb.timeoutMs', timeoutMs) }),
    ...(attemptTimeoutMs !== undefined && { attemptTimeoutMs: checkTimeout('lb.attemptTimeoutMs', attemptTimeoutMs) }),
    ...(attempts !== undefined && { attempts: checkAttempts('lb.attempts', attempts) }),
    ...(maxResponseBytes !== undefined && {
      maxResponseBytes: checkNumber('lb.maxResponseBytes', maxResponseBytes, { min: 0 }),
    }),
  };
}

/** @throws {InvalidOptionError} */
export function transportOptionsOf(options: BalancerOptions): TransportOptions {
  const http2 = options.http2 === true ? {} : options.http2 || undefined;
  return {
    connectionsPerPeer: checkNumber('connectionsPerPeer', options.connectionsPerPeer ?? 64, { min: 1, integer: true }),
    connectTimeoutMs: checkNumber('connectTimeoutMs', options.connectTimeoutMs ?? 300, timeoutBounds),
    bodyTimeoutMs: bodyTimeoutOf(options),
    drainTimeoutMs: checkNumber('drainTimeoutMs', options.drainTimeoutMs ?? 10_000, timeoutBounds),
    tls: options.tls,
    http2: http2 && {
      streams: checkNumber('http2.streams', http2.streams ?? 100, { min: 1, integer: true }),
      cleartext: http2.cleartext ?? false,
    },
    open: options.connect ?? openConnections,
  };
}

/** 0 for none, as undici has it. */
function bodyTimeoutOf({ bodyTimeoutMs = 60_000 }: BalancerOptions): number {
  return checkNumber('bodyTimeoutMs', bodyTimeoutMs, { min: 0, max: 2 ** 31 - 1, integer: true });
}

/** 0 becomes Infinity: no limit. */
function checkTimeout(option: string, value: number): number {
  return checkNumber(option, value, { min: 0, max: Number.MAX_VALUE }) || Infinity;
}

function checkAttempts(option: string, value: number): number {
  return checkNumber(option, value, { min: 1, integer: true });
}

function checkStatus(value: number): number {
  return checkNumber('retry.statuses', value, { min: 400, max: 599, integer: true });
}

export const timeoutBounds: NumberBounds = { min: 1, max: 2 ** 31 - 1 };
