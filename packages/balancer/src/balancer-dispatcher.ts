/**
 * An undici Dispatcher that sends each request to the peer that the pool picks. The origin of a request is not looked at: whoever
 * dispatches here means the service.
 */
import type { PeerPool } from '@lb/core';
import { Dispatcher } from 'undici';

import { Attempt } from './attempt.ts';
import { BalancerClosedError, InvalidTargetError } from './errors.ts';
import { tellError } from './tell-error.ts';
import type { Transport } from './transport.ts';

export interface BalancerDispatcherOptions {
  readonly pool: PeerPool;
  readonly transport: Transport;
  readonly now: () => number;
  /** `undefined` once requests may start; until then, what they wait for. */
  readonly waitFor: () => Promise<void> | undefined;
  readonly onClose: () => Promise<void>;
}

export class BalancerDispatcher extends Dispatcher {
  readonly #options: BalancerDispatcherOptions;
  #closed: Promise<void> | undefined;

  constructor(options: BalancerDispatcherOptions) {
    super();
    this.#options = options;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.#closed !== undefined) return refuse(handler, new BalancerClosedError(this.#options.pool.service));
    // undici takes an absolute URL as a path, and would go where it says.
    if (!/^\/(?![/\\])/.test(options.path))
      return refuse(handler, new InvalidTargetError('it does not begin with one slash'));
    const wait = this.#options.waitFor();
    if (wait === undefined) return this.#attempt(options, handler);
    void wait.then(() => this.#attempt(options, handler));
    return true;
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    this.#closed ??= this.#options.onClose();
    if (callback === undefined) return this.#closed;
    void this.#closed.finally(callback);
  }

  #attempt(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { pool, transport, now } = this.#options;
    const peer = pool.pick({ now: now() });
    if (peer === undefined) return refuse(handler, pool.noEndpoint());
    const attempt = new Attempt(pool.service, peer, handler, now);
    // A pool with a free socket or none yet takes the request at once; "busy" only asks not to send more, and we pick anew for each.
    transport.to(peer).dispatch({ ...options, origin: peer.endpoint.origin }, attempt);
    return true;
  }
}

function refuse(handler: Dispatcher.DispatchHandler, error: Error): false {
  tellError(handler, null, error);
  return false;
}
