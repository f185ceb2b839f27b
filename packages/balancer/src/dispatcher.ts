/**
 * The undici Dispatcher that callers use: takes a request in, and makes a call of it. The origin of a request is not looked at: whoever
 * dispatches here means the service.
 */
import { Dispatcher, Dispatcher1Wrapper, errors } from 'undici';

import { Call, type CallOwner, type CallRequest } from './call/call.ts';
import type { CallRules } from './call/call-rules.ts';
import type { Handler } from './call/caller.ts';
import type { CallEnvironment } from './call/environment.ts';
import { channels } from './channels.ts';
import { BalancerClosedError, InvalidTargetError, OverflowError } from './errors.ts';
import { findHeader, toHeaderList } from './headers/header-list.ts';
import { LinkedList } from './linked-list.ts';
import { type LbOptions, rulesWith } from './options.ts';
import type { Router } from './routing/router.ts';
import { isTarget } from './target.ts';
import { tellError } from './tell-error.ts';

export interface BalancerDispatcherOptions {
  readonly environment: CallEnvironment;
  readonly rules: CallRules;
  readonly router: Router;
  /** What the `host` header says unless the caller does; undefined for the peer's address. */
  readonly host: string | undefined;
  /** The service as an origin, for events. */
  readonly origin: URL;
  readonly maxInFlight: number;
  readonly drainTimeoutMs: number;
  /** Ends what requests needed. Called once, when there are none any more. */
  readonly onClosed: () => Promise<void>;
}

type Options = Dispatcher.DispatchOptions & { readonly lb?: LbOptions | undefined };

export class BalancerDispatcher extends Dispatcher implements CallOwner {
  /** Requests under way. */
  readonly calls: LinkedList<Call> = new LinkedList<Call>();
  readonly #options: BalancerDispatcherOptions;
  readonly #legacy = new Dispatcher1Wrapper(this);
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;
  #isBusy = false;

  constructor(options: BalancerDispatcherOptions) {
    super();
    this.#options = options;
  }

  /** Whether it takes no more requests. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** False when requests wait for a connection: `drain` is emitted when none does any more. */
  override dispatch(options: Options, handler: Handler): boolean {
    // Callers of undici 6 and 7, such as the fetch of Node 22 and 24, have handlers of another shape.
    if (typeof handler.onRequestStart !== 'function') return this.#legacy.dispatch(options, handler);
    const { environment, maxInFlight } = this.#options;
    const { service, queue } = environment;
    let request: CallRequest;
    try {
      if (this.closed) throw new BalancerClosedError(service);
      if (this.calls.size >= maxInFlight) {
        channels.overflow.publish({ service, limit: 'maxInFlight', value: maxInFlight });
        throw new OverflowError(service, 'maxInFlight', maxInFlight);
      }
      request = this.#read(options);
    } catch (error) {
      tellError(handler, null, error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    new Call(environment, request, handler, this).start();
    this.#isBusy = queue.size > 0;
    return !this.#isBusy;
  }

  /** Takes no new requests, lets those under way finish, and closes all connections. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    this.#closing ??= this.#close();
    return told(this.#closing, callback);
  }

  /** Ends all requests with `error`, and closes all connections. */
  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(error?: Error | null | (() => void), callback?: () => void): Promise<void> | void {
    const then = typeof error === 'function' ? error : callback;
    const why = error instanceof Error ? error : new BalancerClosedError(this.#options.environment.service);
    this.#closing ??= this.#close();
    for (const call of this.calls) call.destroy(why);
    return told(this.#closing, then);
  }

  /** Throws what is wrong with it. */
  #read(options: Options): CallRequest {
    const { rules, router, host, environment } = this.#options;
    const { method, path, lb = none } = options;
    if (!isTarget(path)) throw new InvalidTargetError(path);
    const headers = toHeaderList(options.headers);
    if (headers === undefined)
      throw new errors.InvalidArgumentError('headers must be an object or a list of names and values');
    if (host !== undefined && findHeader(headers, 'host') === undefined) headers.push('host', host);
    const idempotent = lb.idempotent ?? options.idempotent ?? idempotentMethods.has(method);
    return {
      options,
      headers,
      route: router.route(method, path, headers, lb),
      rules: rulesWith(rules, lb),
      idempotent,
      hedge: idempotent && environment.hedging !== undefined && lb.hedge !== false,
    };
  }

  onCallOver(): void {
    if (this.#isBusy && this.#options.environment.queue.size === 0) {
      this.#isBusy = false;
      this.emit('drain', this.#options.origin);
    }
    if (this.calls.size === 0) this.#idle?.();
  }

  async #close(): Promise<void> {
    const { environment, drainTimeoutMs, onClosed } = this.#options;
    if (this.calls.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const overdue = setTimeout(() => {
        for (const call of this.calls) call.destroy(new BalancerClosedError(environment.service));
      }, drainTimeoutMs);
      await promise;
      clearTimeout(overdue);
    }
    await onClosed();
  }
}

/** undici's dispatchers close with a promise, or with a callback. */
function told(closed: Promise<void>, callback: (() => void) | undefined): Promise<void> | void {
  if (callback === undefined) return closed;
  // oxlint-disable-next-line promise/no-promise-in-callback, promise/prefer-await-to-then -- the callback is what was asked for
  void closed.finally(callback);
}

const none: LbOptions = {};

/** RFC 9110 §9.2.2, and QUERY. */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PUT', 'DELETE']);
