/** A network in which nothing happens until the test says so, for the state machine of calls. */
import {
  type Endpoint,
  type Peer,
  PeerPool,
  type PeerPoolOptions,
  policies,
  type Random,
  RetryBudget,
  type RetryBudgetOptions,
  seededRandom,
} from '@lb/core';
import type { Dispatcher } from 'undici';

import { Call, type CallOwner, type CallRequest } from '../../src/call/call.ts';
import type { CallRules } from '../../src/call/call-rules.ts';
import type { Controller, Handler, Trailers } from '../../src/call/caller.ts';
import type { CallEnvironment } from '../../src/call/environment.ts';
import { Hedging, type HedgeOptions } from '../../src/hedging.ts';
import { LinkedList } from '../../src/linked-list.ts';
import { type BalancerOptions, rulesOf } from '../../src/options.ts';
import { anywhere, type Route } from '../../src/routing/route.ts';
import { TimerWheel } from '../../src/time/timer-wheel.ts';
import { SlotLimiter } from '../../src/transport/slots.ts';
import { WaitQueue } from '../../src/wait-queue.ts';
import type { RequestInfo } from '../../src/channels.ts';
import { TestClock } from './test-clock.ts';
import { untyped } from './untyped.ts';

/** Whose answer is being parsed: another one that is to go on meanwhile makes undici throw. */
let parsed: Controller | undefined;

/** One dispatch to a peer, as undici would carry it out. */
export class FakeDispatch {
  readonly peer: string;
  readonly options: Dispatcher.DispatchOptions & { readonly servername?: string };
  /** Whether it is over, for undici. */
  over = false;
  /** Whether the head of its final answer has come. */
  isAnswering = false;
  paused = false;
  /** Reason that it was aborted for. */
  aborted: Error | undefined;
  /** Reason that its handler gave for not going on when there was a connection. That costs nothing, unlike an abort. */
  declined: Error | undefined;
  readonly #handler: Handler;
  #controller: Controller | undefined;

  constructor(peer: string, options: Dispatcher.DispatchOptions, handler: Handler) {
    this.peer = peer;
    this.options = options;
    this.#handler = handler;
  }

  get started(): boolean {
    return this.#controller !== undefined;
  }

  get headers(): Readonly<Record<string, unknown>> {
    const { headers } = this.options;
    const list: unknown[] = Array.isArray(headers) ? headers : [];
    return Object.fromEntries(
      list.flatMap((name, index) => (index % 2 === 0 ? [[String(name), list[index + 1]]] : [])),
    );
  }

  /** There is a connection, and the request is written to it. */
  start(): this {
    this.#controller = new FakeController(this);
    try {
      this.#handler.onRequestStart?.(this.#controller, null);
    } catch (error) {
      this.declined = error instanceof Error ? error : new Error('thrown');
      this.error(this.declined);
      return this;
    }
    if (this.aborted === undefined) this.#run(() => this.#handler.onRequestSent?.());
    return this;
  }

  inform(statusCode = 103): this {
    this.#guard((controller) => this.#handler.onResponseStart?.(controller, statusCode, {}, ''));
    return this;
  }

  /** The head of the answer, and nothing of its body yet. */
  head(statusCode = 200, headers: Record<string, string> = {}): this {
    if (this.isAnswering || !this.started || this.over) return this;
    this.isAnswering = true;
    this.#guard((controller) => this.#handler.onResponseStart?.(controller, statusCode, headers, 'text'));
    return this;
  }

  data(chunk = 'data'): this {
    this.#guard((controller) => this.#handler.onResponseData?.(controller, Buffer.from(chunk)));
    return this;
  }

  end(trailers: Trailers = {}): this {
    if (this.over) return this;
    this.over = true;
    try {
      if (this.#controller !== undefined) this.#handler.onResponseEnd?.(this.#controller, trailers);
    } catch (error) {
      this.#tell(error instanceof Error ? error : new Error('thrown'));
    }
    return this;
  }

  upgrade(): this {
    this.over = true;
    if (this.#controller !== undefined) this.#handler.onRequestUpgrade?.(this.#controller, 101, {}, untyped({}));
    return this;
  }

  /** All of an answer at once. */
  answer(statusCode = 200, headers: Record<string, string> = {}): this {
    return this.head(statusCode, headers).data().end();
  }

  fail(code = 'UND_ERR_SOCKET'): this {
    this.error(Object.assign(new Error(`it failed with ${code}`), { code }));
    return this;
  }

  error(error: Error): void {
    if (this.over) return;
    this.over = true;
    this.#tell(error);
  }

  abort(reason: Error): void {
    if (this.aborted !== undefined) return;
    this.aborted = reason;
    this.error(reason);
  }

  /** As undici calls a handler while it parses an answer. */
  #guard(call: (controller: Controller) => void): void {
    const controller = this.#controller;
    if (controller === undefined || this.over) return;
    this.#run(() => {
      parsed = controller;
      try {
        call(controller);
      } finally {
        parsed = undefined;
      }
    });
  }

  /** undici aborts a request whose handler throws. */
  #run(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error('thrown'));
    }
  }

  #tell(error: Error): void {
    const told: { onResponseError?(controller: Controller | null, error: Error): void } = this.#handler;
    told.onResponseError?.(this.#controller ?? null, error);
  }
}

class FakeController implements Controller {
  readonly #dispatch: FakeDispatch;
  rawHeaders = ['raw', 'header'];
  rawTrailers = [];

  constructor(dispatch: FakeDispatch) {
    this.#dispatch = dispatch;
  }

  get aborted(): boolean {
    return this.#dispatch.aborted !== undefined;
  }

  get reason(): Error | null {
    return this.#dispatch.aborted ?? null;
  }

  get paused(): boolean {
    return this.#dispatch.paused;
  }

  abort(reason: Error): void {
    this.#dispatch.abort(reason);
  }

  pause(): void {
    this.#dispatch.paused = true;
  }

  resume(): void {
    if (parsed !== undefined && parsed !== this && this.#dispatch.paused)
      throw new Error('undici parses one answer at a time');
    this.#dispatch.paused = false;
  }
}

/** What a caller was told, in order. */
export class Recorder implements Handler {
  readonly events: string[] = [];
  controller: Controller | undefined;
  error: Error | undefined;
  info: RequestInfo | undefined;

  onRequestStart(controller: Controller, { lb }: { lb: RequestInfo }): void {
    this.controller = controller;
    this.info = lb;
    this.events.push('start');
  }

  onResponseStart(_controller: Controller, statusCode: number): void {
    this.events.push(String(statusCode));
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.events.push(chunk.toString());
  }

  onResponseEnd(): void {
    this.events.push('end');
  }

  onRequestUpgrade(_controller: Controller, statusCode: number): void {
    this.events.push(`upgrade ${statusCode}`);
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.error = error;
    this.events.push('error');
  }

  get ends(): number {
    return this.events.filter((event) => event === 'end' || event === 'error' || event.startsWith('upgrade')).length;
  }
}

export interface FakeNetworkOptions {
  readonly peers?: readonly (string | Partial<Endpoint>)[];
  readonly options?: Omit<BalancerOptions, 'service' | 'discovery'>;
  readonly pool?: Partial<PeerPoolOptions>;
  readonly budget?: RetryBudgetOptions;
  readonly hedge?: HedgeOptions;
  readonly random?: Random;
  /** Attempts on one peer at once. */
  readonly slots?: number;
  readonly queueLimit?: number;
  /** Whether connections are there at once. Defaults to true. */
  readonly connected?: boolean;
}

export class FakeNetwork implements CallOwner {
  readonly clock = new TestClock(1000);
  readonly wheel = new TimerWheel(this.clock);
  readonly calls = new LinkedList<Call>();
  readonly pool: PeerPool;
  readonly queue: WaitQueue;
  readonly budget: RetryBudget;
  /** All that was ever dispatched to a peer. */
  readonly dispatches: FakeDispatch[] = [];
  readonly rules: CallRules;
  readonly environment: CallEnvironment;
  /** Called with each peer that an attempt begins on. */
  onDispatch: (dispatch: FakeDispatch) => void;
  ready = true;
  #revision = 0;

  constructor({ peers = ['a', 'b', 'c'], ...given }: FakeNetworkOptions = {}) {
    const random = given.random ?? seededRandom(1);
    const { slots = 64, connected = true, hedge } = given;
    this.onDispatch = (dispatch) => void (connected && dispatch.start());
    this.rules = rulesOf({ service: 'test', discovery: [], ...given.options });
    this.pool = new PeerPool({
      service: 'test',
      policy: policies.roundRobin(),
      random,
      limiter: () => new SlotLimiter(slots, undefined),
      ...given.pool,
    });
    this.queue = new WaitQueue(given.queueLimit ?? 10, this.wheel);
    this.budget = new RetryBudget(given.budget);
    this.environment = {
      service: 'test',
      pool: this.pool,
      connect: (peer) => ({ dispatcher: this.#dispatcher(peer), servername: undefined }),
      queue: this.queue,
      budget: this.budget,
      hedging: hedge && new Hedging(hedge),
      wheel: this.wheel,
      counters: { panicPicks: 0 },
      now: this.clock.now,
      random,
      isReady: () => this.ready,
      onHeaders: () => {},
    };
    this.update(...peers);
  }

  onCallOver(): void {}

  update(...peers: readonly (string | Partial<Endpoint>)[]): void {
    this.#revision += 1;
    const endpoints = peers.map((peer) => endpointOf(peer));
    this.pool.update({ revision: this.#revision, endpoints }, this.clock.now());
    this.queue.reconsider(this.clock.now());
  }

  /** Starts a request, and returns what its caller hears. */
  call(
    request: Partial<CallRequest> & { method?: string; path?: string; body?: unknown } = {},
    recorder = new Recorder(),
    handler: Handler = recorder,
  ): Recorder {
    const { method = 'GET', path = '/', body = null, ...rest } = request;
    const options: Dispatcher.DispatchOptions = { path, method, body: untyped(body) };
    const full: CallRequest = {
      options,
      headers: [],
      route: anywhere,
      rules: this.rules,
      idempotent: method !== 'POST',
      hedge: this.environment.hedging !== undefined,
      ...rest,
    };
    new Call(this.environment, full, handler, this).start();
    return recorder;
  }

  route(fields: Partial<Route>): Route {
    return { ...anywhere, ...fields };
  }

  peer(id: string): Peer {
    const found = [...this.pool.peers].find((peer) => peer.id === id);
    if (found === undefined) throw new Error(`There is no peer ${id}`);
    return found;
  }

  /** The last dispatch. */
  get last(): FakeDispatch {
    const last = this.dispatches.at(-1);
    if (last === undefined) throw new Error('Nothing was dispatched');
    return last;
  }

  /** The peers that were tried, in order. */
  get tried(): string[] {
    return this.dispatches.map(({ peer }) => peer);
  }

  get inFlight(): number {
    return [...this.pool.peers].reduce((sum, { load }) => sum + load.inFlight, 0);
  }

  /** Of a dispatcher, calls use nothing but this. */
  #dispatcher(peer: Peer): Dispatcher {
    return untyped({
      dispatch: (options: Dispatcher.DispatchOptions, handler: Handler) => {
        const dispatch = new FakeDispatch(peer.id, options, handler);
        this.dispatches.push(dispatch);
        this.onDispatch(dispatch);
        return true;
      },
    });
  }
}

function endpointOf(peer: string | Partial<Endpoint>): Endpoint {
  const fields = typeof peer === 'string' ? { id: peer } : peer;
  const { id = 'a' } = fields;
  return { id, origin: `http://${id}`, state: 'serving', metadata: {}, ...fields };
}
