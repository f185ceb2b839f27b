/**
 * The client: snapshots come in from a discovery, requests go out to the peers that the pool picks.
 */
import {
  checkNumber,
  type Discovery,
  InvalidOptionError,
  PeerPool,
  policies,
  type Policy,
  type Random,
  type Snapshot,
} from '@lb/core';
import { type Dispatcher, fetch, type RequestInit, type Response } from 'undici';

import { BalancerDispatcher } from './balancer-dispatcher.ts';
import { channels } from './channels.ts';
import { InvalidTargetError } from './errors.ts';
import { follow } from './follow.ts';
import { type DiscoverySource, toDiscovery } from './static-discovery.ts';
import { Transport } from './transport.ts';

export interface BalancerOptions {
  /** Name of the service, for errors and as the host of its URLs: letters, digits, dots, dashes, underscores. */
  readonly service: string;
  /** Where endpoints come from: `discover(…)` of `@lb/registry`, any `AsyncIterable<Snapshot>`, or a list. */
  readonly discovery: DiscoverySource;
  /** What chooses among peers. Defaults to `policies.p2c()`. */
  readonly policy?: Policy | undefined;
  /** Most sockets to one peer. Defaults to 64. */
  readonly connectionsPerPeer?: number | undefined;
  /** How long a connection may take to be made, in milliseconds. Defaults to 300: a peer within reach takes single digits. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long requests wait for the first snapshot, in milliseconds, before they fail with `NoEndpointError`. Defaults to 5000. */
  readonly startTimeoutMs?: number | undefined;
  /** How long requests on a peer that left, or at `close()`, may take to finish, in milliseconds. Defaults to 10 000. */
  readonly drainTimeoutMs?: number | undefined;
  /** Source of chance. Defaults to `Math.random`. */
  readonly random?: Random | undefined;
}

/** What `balancer.request` takes: undici's options, without an origin, and `GET` unless said otherwise. */
export type BalancedRequestOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> &
  Partial<Pick<Dispatcher.RequestOptions, 'method'>>;

/** Builds a balancer, which begins to follow its discovery at once. Throws `InvalidOptionError` (of `@lb/core`). */
export function createBalancer(options: BalancerOptions): Balancer {
  return new Balancer(options);
}

export class Balancer implements AsyncDisposable {
  /** The peers and the choice among them. Read it; the balancer writes it. */
  readonly pool: PeerPool;
  /** For everything that takes an undici Dispatcher. The origin of what is dispatched is not looked at. */
  readonly dispatcher: Dispatcher;
  readonly #closing = new AbortController();
  readonly #transport: Transport;
  /** What requests wait for; `undefined` once there is nothing to wait for. */
  #start: Promise<void> | undefined;

  constructor(options: BalancerOptions) {
    const { service, discovery, policy = policies.p2c(), random = Math.random } = options;
    if (!/^[A-Za-z0-9][\w.-]*$/.test(service)) {
      throw new InvalidOptionError('service', 'a name of letters, digits, dots, dashes and underscores', service);
    }
    this.pool = new PeerPool({ service, policy, random, timeOrigin: performance.timeOrigin });
    this.#transport = new Transport({
      connections: checkNumber('connectionsPerPeer', options.connectionsPerPeer ?? 64, { min: 1, integer: true }),
      connectTimeoutMs: checkTimeout('connectTimeoutMs', options.connectTimeoutMs ?? 300),
      drainTimeoutMs: checkTimeout('drainTimeoutMs', options.drainTimeoutMs ?? 10_000),
    });
    this.dispatcher = new BalancerDispatcher({
      pool: this.pool,
      transport: this.#transport,
      now: monotonic,
      waitFor: () => this.#start,
      onClose: () => this.#close(),
    });
    this.#start = this.#begin(toDiscovery(discovery), checkTimeout('startTimeoutMs', options.startTimeoutMs ?? 5000));
  }

  /** undici's `fetch` for a path of the service, such as `/hash?text=hello`. Rejects with `InvalidTargetError`. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    // Never composed with `new URL(path, base)`: `//evil.example/` would leave for another host.
    if (!/^\/(?![/\\])/.test(path)) throw new InvalidTargetError('it does not begin with one slash');
    return fetch(`http://${this.pool.service}${path}`, { ...init, dispatcher: this.dispatcher });
  }

  /** undici's `request` for a path of the service. */
  request(path: string, options: BalancedRequestOptions = {}): Promise<Dispatcher.ResponseData> {
    return this.dispatcher.request({ method: 'GET', ...options, path });
  }

  /** Takes no new requests, lets those in flight finish, closes all connections, and stops following the discovery. */
  close(): Promise<void> {
    return this.dispatcher.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #begin(discovery: Discovery, timeoutMs: number): Promise<void> {
    const first = Promise.withResolvers<void>();
    const overdue = setTimeout(first.resolve, timeoutMs);
    const take = (snapshot: Snapshot): void => {
      this.#transport.sync(this.pool.update(snapshot, monotonic()));
      first.resolve();
    };
    follow(discovery, take, this.#closing.signal).catch((error: unknown) => {
      channels.discoveryFailed.publish({ service: this.pool.service, error });
      first.resolve();
    });
    await first.promise;
    clearTimeout(overdue);
    this.#start = undefined;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#transport.close();
  }
}

const monotonic = (): number => performance.now();

function checkTimeout(option: string, value: number): number {
  return checkNumber(option, value, { min: 1, max: 2 ** 31 - 1 });
}
