/**
 * A TCP proxy that misbehaves on demand: what a network does to a connection, as seen from its ends.
 *
 * A hole is packets that get lost while both ends stay up: nothing arrives, nobody is told, new connections are made (by the kernel)
 * and stay silent. What was sent into it arrives when it heals, as TCP sends again what was not acknowledged.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** From whoever connects to the target, or back. */
export type Direction = 'up' | 'down';

/** What delays are measured with; `setTimeout` or a clock moved by hand. */
export interface ProxyClock {
  now(): number;
  schedule(callback: () => void, delayMs: number): () => void;
}

export interface FaultProxyOptions {
  readonly targetPort: number;
  readonly clock?: ProxyClock;
}

/** Starts a proxy on a free port of 127.0.0.1, which lets everything pass. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options);
  await proxy.open();
  return proxy;
}

/** Use {@link startFaultProxy}. */
export class FaultProxy implements AsyncDisposable {
  readonly #targetPort: number;
  readonly #clock: ProxyClock;
  readonly #links = new Set<Link>();
  readonly #forgotten = new Set<Link>();
  readonly #rules: Record<Direction, Rule> = { up: pass, down: pass };
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;
  #activity = 0;

  constructor({ targetPort, clock = realClock }: FaultProxyOptions) {
    this.#targetPort = targetPort;
    this.#clock = clock;
  }

  get port(): number {
    return this.#port;
  }

  /** As the etcd3 client takes it. */
  get hosts(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#links.size;
  }

  /** Connections that were ever made. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Grows with everything that happens on any connection: standing still means that nothing does. */
  get activity(): number {
    return this.#activity;
  }

  /** Listens (again), on the same port as before. */
  async open(): Promise<void> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Ends every connection in good order, as when the other process exits. New ones are accepted. */
  cut(): void {
    for (const link of this.#links) link.destroy();
  }

  /** Resets every connection. New ones are accepted. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  /**
   * Loses all that is sent on the connections that are there, for ever and with nobody told, as when a router on the way forgets them.
   * New ones are accepted.
   */
  forget(): void {
    for (const link of this.#links) {
      for (const direction of ['up', 'down'] as const) link.follow(direction, { ...pass, held: true });
      this.#links.delete(link);
      this.#forgotten.add(link);
      link.onceClosed(() => this.#forgotten.delete(link));
    }
  }

  /** Refuses new connections, and ends those that are there, until {@link open}. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    for (const link of this.#forgotten) link.destroy();
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  /** Loses what is sent in the given directions. */
  hole(...directions: readonly Direction[]): void {
    for (const direction of directions.length === 0 ? (['up', 'down'] as const) : directions) {
      this.#rule(direction, { ...this.#rules[direction], held: true });
    }
  }

  /** Delivers everything so many milliseconds late. */
  delay(delayMs: number): void {
    for (const direction of ['up', 'down'] as const) this.#rule(direction, { ...this.#rules[direction], delayMs });
  }

  /** Delivers no more than this many bytes a second, in each direction. */
  trickle(bytesPerSecond: number): void {
    for (const direction of ['up', 'down'] as const)
      this.#rule(direction, { ...this.#rules[direction], bytesPerSecond });
  }

  /** Lets everything pass again, what was held first. */
  heal(): void {
    this.#rule('up', pass);
    this.#rule('down', pass);
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #rule(direction: Direction, rule: Rule): void {
    this.#rules[direction] = rule;
    for (const link of this.#links) link.follow(direction, rule);
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    this.#activity += 1;
    const link = new Link(socket, this.#targetPort, this.#clock, () => (this.#activity += 1));
    this.#links.add(link);
    link.onceClosed(() => this.#links.delete(link));
    for (const direction of ['up', 'down'] as const) link.follow(direction, this.#rules[direction]);
  }
}

interface Rule {
  readonly held: boolean;
  readonly delayMs: number;
  readonly bytesPerSecond: number;
}

const pass: Rule = { held: false, delayMs: 0, bytesPerSecond: Infinity };

/** A connection to the proxy and the one that it made for it. */
class Link {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #pipes: Readonly<Record<Direction, Pipe>>;

  constructor(near: Socket, targetPort: number, clock: ProxyClock, onActivity: () => void) {
    this.#near = near;
    this.#far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.#pipes = {
      up: new Pipe(near, this.#far, clock, onActivity),
      down: new Pipe(this.#far, near, clock, onActivity),
    };
    for (const socket of [near, this.#far]) {
      socket.on('connect', onActivity);
      // A reset arrives as a reset on the other side.
      socket.on('error', () => this.reset());
      socket.on('close', () => {
        onActivity();
        if (this.#near.closed && this.#far.closed) return;
        if (socket.readableEnded && socket.writableFinished) return;
        this.destroy();
      });
    }
  }

  follow(direction: Direction, rule: Rule): void {
    this.#pipes[direction].follow(rule);
  }

  onceClosed(callback: () => void): void {
    const check = (): void => {
      if (this.#near.closed && this.#far.closed) callback();
    };
    this.#near.once('close', check);
    this.#far.once('close', check);
  }

  destroy(): void {
    for (const pipe of Object.values(this.#pipes)) pipe.stop();
    this.#near.destroy();
    this.#far.destroy();
  }

  reset(): void {
    for (const pipe of Object.values(this.#pipes)) pipe.stop();
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
  }
}

/** How much one direction holds before it stops reading, and the sender's kernel fills up. */
const heldBytes = 1024 * 1024;

/** How often a trickle drips, in milliseconds. */
const dripMs = 50;

/** One direction of a connection. */
class Pipe {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #clock: ProxyClock;
  readonly #onActivity: () => void;
  /** Oldest first; `undefined` is the end. */
  readonly #queue: { chunk: Buffer | undefined; readonly at: number }[] = [];
  #queued = 0;
  #rule = pass;
  #cancelTimer: (() => void) | undefined;

  constructor(source: Socket, sink: Socket, clock: ProxyClock, onActivity: () => void) {
    this.#source = source;
    this.#sink = sink;
    this.#clock = clock;
    this.#onActivity = onActivity;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => this.#take(undefined));
  }

  follow(rule: Rule): void {
    this.#rule = rule;
    this.#flow();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#queue.length = 0;
  }

  #take(chunk: Buffer | undefined): void {
    this.#onActivity();
    this.#queue.push({ chunk, at: this.#clock.now() });
    this.#queued += chunk?.length ?? 0;
    if (this.#queued > heldBytes) this.#source.pause();
    // While a timer is set it decides: a trickle would drip with every chunk.
    if (this.#cancelTimer === undefined) this.#flow();
  }

  #flow(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    let budget = (this.#rule.bytesPerSecond * dripMs) / 1000;
    for (let next = this.#queue[0]; next !== undefined && !this.#rule.held; next = this.#queue[0]) {
      const wait = next.at + this.#rule.delayMs - this.#clock.now();
      if (wait > 0 || budget < 1) {
        this.#cancelTimer = this.#clock.schedule(() => this.#flow(), wait > 0 ? wait : dripMs);
        return;
      }
      if (next.chunk === undefined) {
        this.#queue.shift();
        this.#sink.end();
        continue;
      }
      const part = next.chunk.subarray(0, budget);
      if (part.length === next.chunk.length) this.#queue.shift();
      else next.chunk = next.chunk.subarray(part.length);
      budget -= part.length;
      this.#queued -= part.length;
      this.#onActivity();
      this.#sink.write(part);
    }
    if (this.#queued <= heldBytes && this.#source.isPaused()) this.#source.resume();
  }
}

const realClock: ProxyClock = {
  now: () => performance.now(),
  schedule: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
