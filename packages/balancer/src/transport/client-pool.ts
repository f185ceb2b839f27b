/**
 * The connections to one peer in HTTP/1.1: undici Clients, each of which has one, the one that was used last used first.
 *
 * Why not undici's Pool (8.12): for each request it walks along all its Clients for one that is free, twice, and it never again uses a Client
 * that has refused a request, for a header that may not be sent say: as many of those as it has connections, and the peer is lost.
 *
 * undici says a turn of the event loop after an answer that its connection is free. By then it has made it an idle one, with a timer and
 * all, which the next request makes undone. A request that may be sent twice takes it at once: undici keeps it until the turn is over, so
 * nothing is lost by that, unless the other side closes connections that it had said it would keep. Such a peer is found out by
 * one request, which is sent once more, and the connections to it are left to rest.
 */
import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { buildConnector, Client, type Dispatcher, errors, type Pool } from 'undici';

import { tellError } from '../tell-error.ts';

/** Whoever sends a request, and may have given it up by the time that there is a connection for it. */
export interface Sender extends Dispatcher.DispatchHandler {
  /** Whether it has ended, or been given up: it is told nothing any more, and not sent. */
  readonly over?: boolean;
  /** Whether it may be sent twice. Defaults to false. */
  readonly repeatable?: boolean;
  /** Set by whoever has the connection: to be called last of all when the answer has ended, and the connection is said to stay open. */
  onAnswered?: (() => void) | undefined;
}

/** What `Transport` asks of whatever sends to a peer. */
export interface Connections {
  dispatch(options: Dispatcher.DispatchOptions, handler: Sender): boolean;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** A Client, which has at most one connection and one request, and what the pool knows of it. */
interface Slot {
  readonly client: Client;
  readonly onAnswered: () => void;
  /** Whether it has a request. */
  busy: boolean;
  /** Whether it has its connection. */
  connected: boolean;
  /** Whether undici has said that it is free. */
  rested: boolean;
  /** Whether its request was sent before that. */
  hurried: boolean;
}

/** A request that found all connections busy. */
interface Waiting {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: Sender;
  /** The context that it was asked for in; undefined where nobody looks. */
  readonly scope: AsyncResource | undefined;
}

/** How many answers are let rest after a connection broke that was used at once. */
const mostRests = 1000;

/** What undici says of a connection that the other side has closed or reset. */
const brokenByOther: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Where tracers begin a span: the one thing that is done with a request in the context of its dispatch. */
const created = channel('undici:request:create');

export class ClientPool implements Connections {
  readonly #origin: string;
  readonly #options: Client.Options;
  readonly #most: number;
  readonly #slots: Slot[] = [];
  /** A stack, so that no more connections stay open than are needed; those that have none are at its bottom. */
  readonly #idle: Slot[] = [];
  /**
   * Empty unless as many are under way as there may be connections: undici lets go of one a turn of the event loop after the end of its
   * answer, and an attempt that was given up may be longer about it.
   */
  readonly #waiting: Waiting[] = [];
  /** How many answers to come are to be let rest. */
  #rests = 0;
  #closed = false;
  #destroyed = false;
  /** Called when nobody waits any more. */
  #served = (): void => {};

  constructor(origin: string, { connections, connect, ...options }: Pool.Options) {
    this.#origin = origin;
    this.#most = connections ?? Infinity;
    // One for all, so that they share TLS sessions.
    this.#options = { ...options, connect: typeof connect === 'function' ? connect : buildConnector({ ...connect }) };
  }

  /** False when there is no connection for another one. O(1). */
  dispatch(options: Dispatcher.DispatchOptions, handler: Sender): boolean {
    if (this.#closed || this.#destroyed) {
      tellError(handler, null, this.#destroyed ? new errors.ClientDestroyedError() : new errors.ClientClosedError());
      return false;
    }
    // Those that wait are served first: one of them may be waiting for a connection that has rested.
    const slot = this.#waiting.length > 0 ? undefined : (this.#take(handler.repeatable === true) ?? this.#open());
    if (slot !== undefined) {
      this.#send(slot, options, handler);
    } else {
      const scope = created.hasSubscribers ? new AsyncResource('LB_WAITING') : undefined;
      this.#waiting.push({ options, handler, scope });
    }
    return this.#idle.length > 0 || this.#slots.length < this.#most;
  }

  /** Lets all requests finish, those that wait included. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#served = resolve;
      });
    }
    await Promise.all(this.#slots.map(({ client }) => client.close()));
  }

  /** Ends all requests. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    for (const { handler } of this.#waiting.splice(0)) tellError(handler, null, new errors.ClientDestroyedError());
    this.#served();
    await Promise.all(this.#slots.map(({ client }) => client.destroy()));
  }

  /** The idle one that was used last; for a request that may not be sent twice, of those that have rested. */
  #take(repeatable: boolean): Slot | undefined {
    if (repeatable || this.#idle.at(-1)?.rested !== false) return this.#idle.pop();
    const index = this.#idle.findLastIndex(({ rested }) => rested);
    return index === -1 ? undefined : this.#idle.splice(index, 1)[0];
  }

  #open(): Slot | undefined {
    if (this.#slots.length >= this.#most) return undefined;
    const slot: Slot = {
      client: new Client(this.#origin, this.#options),
      onAnswered: () => this.#answered(slot),
      busy: false,
      connected: false,
      rested: true,
      hurried: false,
    };
    slot.client.on('connect', () => (slot.connected = true));
    slot.client.on('disconnect', (_origin, _targets, { code }) => {
      slot.connected = false;
      if (slot.busy && slot.hurried && brokenByOther.has(code)) this.#rests = mostRests;
    });
    // Told, too, of one that had none, when its connection is lost and it could have one again.
    slot.client.on('drain', () => this.#rested(slot));
    this.#slots.push(slot);
    return slot;
  }

  /** Its answer has ended, and undici does not say yet that it is free. */
  #answered(slot: Slot): void {
    if (this.#rests > 0) {
      this.#rests -= 1;
    } else if (this.#waiting.length === 0) {
      slot.busy = false;
      this.#idle.push(slot);
    }
  }

  #rested(slot: Slot): void {
    slot.rested = true;
    if (slot.busy) {
      this.#release(slot);
    } else if (this.#waiting.length > 0) {
      this.#idle.splice(this.#idle.indexOf(slot), 1);
      this.#release(slot);
    }
  }

  #send(slot: Slot, options: Dispatcher.DispatchOptions, handler: Sender): void {
    const { client } = slot;
    slot.busy = true;
    slot.hurried = !slot.rested;
    slot.rested = false;
    handler.onAnswered = slot.onAnswered;
    // One that refuses a request, and tells its handler so, says nothing else. One that has taken it says when it is done: in a microtask
    // if it is done already, which must not find the next request there.
    if (!client.dispatch(options, handler) && handler.over !== false && client.stats.size === 0) {
      slot.rested = !slot.hurried;
      this.#release(slot);
    }
  }

  #release(slot: Slot): void {
    slot.busy = false;
    const next = this.#waiting.length > 0 ? this.#next() : undefined;
    if (next === undefined) {
      if (slot.connected) this.#idle.push(slot);
      else this.#idle.unshift(slot);
      return;
    }
    const { options, handler, scope } = next;
    if (scope === undefined) this.#send(slot, options, handler);
    else scope.runInAsyncScope(() => this.#send(slot, options, handler));
  }

  /** Who has waited longest and still does: while a peer is out of reach, most have given up before their turn. */
  #next(): Waiting | undefined {
    let next = this.#waiting.shift();
    while (next?.handler.over === true) next = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#served();
    return next;
  }
}
