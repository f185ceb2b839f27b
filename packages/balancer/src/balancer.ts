/**
 * The client: snapshots come in from a discovery, requests go out to the peers that the pool picks.
 */
import {
  checkNumber,
  checkOneOf,
  type Discovery,
  InvalidOptionError,
  type Peer,
  PeerPool,
  type PoolChange,
  policies,
  type Policy,
  RetryBudget,
  type Snapshot,
} from '@lb/core';
import { type Dispatcher, Dispatcher1Wrapper, fetch, type RequestInit, type Response } from 'undici';

import type { ResponseHeaders } from './call/caller.ts';
import type { CallCounters, CallEnvironment } from './call/environment.ts';
import { channels } from './channels.ts';
import { BalancerDispatcher } from './dispatcher.ts';
import { Drains } from './drains.ts';
import { FetchDispatcher } from './fetch-dispatcher.ts';
import { InvalidTargetError } from './errors.ts';
import { follow } from './follow.ts';
import { loadReportHeader, readLoadReport } from './headers/load-report.ts';
import { Hedging } from './hedging.ts';
import { type BalancerOptions, type LbOptions, rulesOf, timeoutBounds, transportOptionsOf } from './options.ts';
import { PeerGroups } from './routing/peer-groups.ts';
import { Router } from './routing/router.ts';
import { closeDiscovery, type DiscoverySource, isList, snapshotOf } from './discovery-source.ts';
import type { HttpProbes } from './probes/http-probes.ts';
import { SuspectProbes } from './probes/suspect-probes.ts';
import { isTarget } from './target.ts';
import { systemClock } from './time/clock.ts';
import { TimerWheel } from './time/timer-wheel.ts';
import { Transport } from './transport/transport.ts';
import { WaitQueue } from './wait-queue.ts';

/** What `balancer.request` takes: undici's options, without an origin, and `GET` unless said otherwise. */
export type BalancedRequestOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> &
  Partial<Pick<Dispatcher.RequestOptions, 'method'>> & { readonly lb?: LbOptions | undefined };

/** What `balancer.fetch` takes: undici's options, and ours. */
export type BalancedFetchOptions = Omit<RequestInit, 'dispatcher'> & { readonly lb?: LbOptions | undefined };

/** Builds a balancer, which begins to follow its discovery at once. Throws `InvalidOptionError` (of `@lb/core`). */
export function createBalancer(options: BalancerOptions): Balancer {
  return new Balancer(options);
}

/** Sends requests for one service to its endpoints: by `fetch`, by `request`, or as the `dispatcher` of undici. */
export class Balancer implements AsyncDisposable {
  /** The peers and the choice among them. Read it; the balancer writes it. */
  readonly pool: PeerPool;
  /** For everything that takes an undici 8 Dispatcher. The origin of what is dispatched is not looked at. */
  readonly dispatcher: Dispatcher;
  /** The same for what brings an undici of its own, such as the built-in `fetch` of Node 22 and 24. */
  readonly legacyDispatcher: Dispatcher;
  readonly #origin: string;
  readonly #dispatcher: BalancerDispatcher;
  readonly #fetching: Dispatcher;
  readonly #transport: Transport;
  readonly #queue: WaitQueue;
  readonly #budget: RetryBudget;
  readonly #wheel = new TimerWheel(systemClock);
  readonly #groups: PeerGroups;
  readonly #drains = new Drains();
  readonly #counters: CallCounters = { panicPicks: 0 };
  readonly #probes: SuspectProbes | undefined;
  readonly #httpProbes: HttpProbes | undefined;
  readonly #discovery: DiscoverySource;
  readonly #following = new AbortController();
  #snapshot: Snapshot | undefined;
  #ready = false;
  #stale = false;

  constructor(options: BalancerOptions) {
    const { service, discovery, policy = policies.p2cLatency(), random = Math.random } = options;
    this.#origin = originOf(service);
    this.#discovery = discovery;
    this.#transport = new Transport(transportOptionsOf(options));
    const { limiter: found } = options;
    const about = { service };
    this.pool = new PeerPool({
      ...options,
      policy,
      random,
      timeOrigin: performance.timeOrigin,
      suspicion: options.suspicion ?? !isList(discovery),
      limiter: (endpoint) => this.#transport.limiter(endpoint, found?.(endpoint)),
      onEject: (peer, ejection) => channels.eject.publish({ ...about, peer, ejection }),
      onRestore: (peer) => channels.restore.publish({ ...about, peer }),
      onPurge: (peer) => {
        channels.purge.publish({ ...about, peer });
        this.#changed({ removed: [peer], changed: [] }, now());
      },
      onTier: (tier, before) => channels.tier.publish({ ...about, tier, before }),
    });
    this.#groups = new PeerGroups(this.pool);
    this.#queue = new WaitQueue(checkNumber('queueLimit', options.queueLimit ?? 128, { min: 0 }), this.#wheel);
    const { hedge = false, retry } = options;
    this.#budget = new RetryBudget(retry === false ? {} : retry?.budget);
    const hostHeader = checkOneOf('hostHeader', options.hostHeader ?? 'endpoint', ['endpoint', 'service']);
    const environment: CallEnvironment = {
      service,
      pool: this.pool,
      connect: (peer, http1Only) => this.#transport.to(peer, http1Only),
      queue: this.#queue,
      budget: this.#budget,
      hedging: hedge === false ? undefined : new Hedging(hedge === true ? {} : hedge),
      wheel: this.#wheel,
      counters: this.#counters,
      now,
      random,
      isReady: () => this.#ready,
      onHeaders: (peer, headers, at) => this.#listen(peer, headers, at),
    };
    this.#dispatcher = new BalancerDispatcher({
      environment,
      rules: rulesOf(options),
      router: new Router(options, this.#groups, () => this.pool.peers, random),
      host: hostHeader === 'service' ? new URL(this.#origin).host : undefined,
      origin: new URL(this.#origin),
      maxInFlight: checkNumber('maxInFlight', options.maxInFlight ?? 512, { min: 1 }),
      drainTimeoutMs: checkNumber('drainTimeoutMs', options.drainTimeoutMs ?? 10_000, timeoutBounds),
      onClosed: () => this.#end(),
    });
    const { interceptors = [], probe } = options;
    this.#httpProbes = options.probes;
    this.#probes = probe && new SuspectProbes(probe, environment);
    this.dispatcher = interceptors.length === 0 ? this.#dispatcher : this.#dispatcher.compose(...interceptors);
    this.legacyDispatcher = new Dispatcher1Wrapper(this.dispatcher);
    this.#fetching = new FetchDispatcher(this.dispatcher, this.#origin, undefined);
    const startTimeoutMs = checkNumber('startTimeoutMs', options.startTimeoutMs ?? 5000, timeoutBounds);
    if (isList(discovery)) this.#take(snapshotOf(discovery));
    else void this.#follow(discovery, startTimeoutMs);
  }

  /** What is going on now. O(1). */
  get stats(): BalancerStats {
    const balance = this.#budget.balance(now());
    return {
      inFlight: this.#dispatcher.calls.size,
      queued: this.#queue.size,
      retryBudget: balance,
      retryBudgetShare: this.#budget.capacity === 0 ? 0 : balance / this.#budget.capacity,
      panicPicks: this.#counters.panicPicks,
      stale: this.#stale,
    };
  }

  /** Goes on with another policy: see `PeerPool.usePolicy`. Requests under way are not disturbed. */
  usePolicy(policy: Policy): void {
    this.pool.usePolicy(policy, now());
  }

  /** undici's `fetch` for a path of the service, such as `/hash?text=hello`. Rejects with `InvalidTargetError`. */
  async fetch(path: string, { lb, ...init }: BalancedFetchOptions = {}): Promise<Response> {
    // Never composed with `new URL(path, base)`: `//evil.example/` would leave for another host.
    const url = path.startsWith('/') ? new URL(`${this.#origin}${path}`) : undefined;
    if (url === undefined || !isTarget(url.pathname)) throw new InvalidTargetError(path);
    const dispatcher = lb === undefined ? this.#fetching : new FetchDispatcher(this.dispatcher, this.#origin, lb);
    return fetch(url, { ...init, dispatcher });
  }

  /** undici's `request` for a path of the service. */
  request(path: string, options?: BalancedRequestOptions): Promise<Dispatcher.ResponseData> {
    const origin = this.#origin;
    // A copy of nothing costs as much as one of something.
    return this.dispatcher.request(
      options === undefined ? { method: 'GET', origin, path } : { method: 'GET', ...options, origin, path },
    );
  }

  /** Takes no new requests, lets those in flight finish, closes all connections, and closes the discovery. */
  close(): Promise<void> {
    return this.#dispatcher.close();
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(discovery: Discovery, timeoutMs: number): Promise<void> {
    const overdue = setTimeout(() => this.#becomeReady(), timeoutMs);
    const { signal } = this.#following;
    let error: unknown;
    try {
      await follow(
        discovery,
        (snapshot) => {
          clearTimeout(overdue);
          this.#take(snapshot);
        },
        signal,
      );
    } catch (thrown) {
      error = thrown;
    }
    clearTimeout(overdue);
    const { service, revision } = this.pool;
    if (!signal.aborted) {
      this.#stale = true;
      channels.stale.publish({ service, revision, error });
    }
    this.#becomeReady();
  }

  #take(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#update();
    this.#becomeReady();
  }

  /** Requests no longer wait for a first snapshot. */
  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#queue.reconsider(now());
  }

  /** Makes everything follow the last snapshot, and what answers have said since. */
  #update(): void {
    if (this.#snapshot === undefined) return;
    const at = now();
    const change = this.pool.update(this.#drains.apply(this.#snapshot), at);
    const { service, revision } = this.pool;
    if (Object.values(change).some(({ length }) => length > 0)) channels.update.publish({ service, revision, change });
    this.#changed(change, at);
  }

  /** Makes all that goes by the peers follow them. */
  #changed(change: Pick<PoolChange, 'removed' | 'changed'>, at: number): void {
    this.#transport.sync(change);
    this.#groups.forget();
    this.#probes?.follow(at);
    this.#queue.reconsider(at);
  }

  /** Reads what an answer says of its peer. */
  #listen(peer: Peer, headers: ResponseHeaders, at: number): void {
    if (headers['x-lb-draining'] === '1' || headers['x-lb-nack'] === 'draining') this.#drain(peer);
    this.#httpProbes?.observe(peer, headers, at);
    const report = headers[loadReportHeader];
    if (report === undefined || peer.load.report === undefined) return;
    const read = readLoadReport(report);
    if (read !== undefined) peer.load.report(read, at);
  }

  #drain(peer: Peer): void {
    if (peer.endpoint.state === 'draining' || !this.#drains.add(peer.id)) return;
    channels.drain.publish({ service: this.pool.service, peer });
    this.#update();
  }

  async #end(): Promise<void> {
    this.#following.abort();
    this.#probes?.stop();
    await Promise.all([this.#transport.close(), this.#httpProbes?.close(), closeDiscovery(this.#discovery)]);
    this.#wheel.stop();
  }
}

/** As of one moment. */
export interface BalancerStats {
  /** Requests under way, those that wait included. */
  readonly inFlight: number;
  /** Requests that wait for a peer with room. */
  readonly queued: number;
  /** Retries that could be made now. */
  readonly retryBudget: number;
  /** The same as a part of the most that can be saved up, from 0 to 1. */
  readonly retryBudgetShare: number;
  /** Attempts so far that began while too few peers were available, and all were picked from. */
  readonly panicPicks: number;
  /** Whether the discovery has ended, and the last snapshot stays in use. */
  readonly stale: boolean;
}

const { now } = systemClock;

/** The service as the origin of URLs. */
function originOf(service: string): string {
  if (/^[A-Za-z0-9][\w.-]*$/.test(service) && URL.canParse(`http://${service}`))
    return new URL(`http://${service}`).origin;
  throw new InvalidOptionError('service', 'a name of letters, digits, dots, dashes and underscores', service);
}
