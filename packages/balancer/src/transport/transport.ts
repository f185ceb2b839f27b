/**
 * The connections to each peer: opened on the first request, drained when the peer leaves.
 *
 * Draining waits for what is in flight; what is still busy after the grace period is destroyed.
 */
import type { Endpoint, Limiter, Peer, PoolChange } from '@lb/core';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { buildConnector, type Pool } from 'undici';

import { ClientPool, type Connections } from './client-pool.ts';
import { http2Pool } from './http2-pool.ts';
import { SlotLimiter } from './slots.ts';

export interface TransportOptions {
  /** Most sockets to one peer. */
  readonly connectionsPerPeer: number;
  /** How long a connection may take to be made, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long an answer may pause, in milliseconds; 0 for no limit. */
  readonly bodyTimeoutMs: number;
  /** How long requests on a peer that left may take to finish, in milliseconds. */
  readonly drainTimeoutMs: number;
  readonly tls: TlsSource | undefined;
  /** Undefined for HTTP/1.1 alone. */
  readonly http2: Http2Settings | undefined;
  /** Makes the connections to an endpoint, with the options that ours would have. */
  readonly open: (endpoint: Endpoint, options: Pool.Options) => Connections;
}

export interface Http2Settings {
  /** Most requests at once on one peer. */
  readonly streams: number;
  /** Whether peers without TLS are spoken to in HTTP/2, too, without asking them. */
  readonly cleartext: boolean;
}

/** What `tls.connect` takes, but for where to connect to. */
export type TlsOptions = Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket' | 'ALPNProtocols'>;

/** TLS options for endpoints whose origin is `https:`, the same for all or for each. `servername` is what the certificate must name. */
export type TlsSource = TlsOptions | ((endpoint: Endpoint) => TlsOptions);

/** Where the attempts on one peer go. */
export interface Connection {
  readonly dispatcher: Connections;
  /** What undici is to take for the server's name whatever the `host` header of a request says; undefined without TLS. */
  readonly servername: string | undefined;
}

interface Opened extends Connection {
  readonly origin: string;
}

/** In HTTP/2 one connection carries many requests, and undici's Pool knows how many. */
export const openConnections = ({ origin }: Endpoint, options: Pool.Options): Connections =>
  options.allowH2 === true ? http2Pool(origin, options) : new ClientPool(origin, options);

export class Transport {
  readonly #options: TransportOptions;
  readonly #opened = new Map<Peer, Opened>();
  /** For callers that cannot do with HTTP/2, where peers may speak it. */
  readonly #http1Only = new Map<Peer, Opened>();
  readonly #limiters = new Map<string, SlotLimiter>();
  readonly #draining = new Set<Promise<void>>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Limits the attempts on an endpoint to what its connections carry, and to what `found` finds if that is less. */
  limiter(endpoint: Endpoint, found: Limiter | undefined): Limiter {
    const { connectionsPerPeer, http2 } = this.#options;
    if (http2 === undefined) return new SlotLimiter(connectionsPerPeer, found);
    const cleartext = http2.cleartext && endpoint.origin.startsWith('http:');
    // Until a connection has shown which protocol it is, there is room for what either carries.
    const limiter = new SlotLimiter(cleartext ? http2.streams : Math.min(connectionsPerPeer, http2.streams), found);
    this.#limiters.set(endpoint.id, limiter);
    return limiter;
  }

  to(peer: Peer, http1Only: boolean): Connection {
    const opened = http1Only && this.#options.http2 !== undefined ? this.#http1Only : this.#opened;
    let connection = opened.get(peer);
    if (connection === undefined) {
      connection = this.#open(peer.endpoint, opened === this.#opened ? this.#options.http2 : undefined);
      opened.set(peer, connection);
    }
    return connection;
  }

  /** Follows the pool of peers: connections to those that left, or moved, are drained. */
  sync({ removed, changed }: Pick<PoolChange, 'removed' | 'changed'>): void {
    for (const peer of removed) {
      this.#limiters.delete(peer.id);
      this.#retire(peer);
    }
    for (const peer of changed) {
      const origin = (this.#opened.get(peer) ?? this.#http1Only.get(peer))?.origin;
      if (origin !== peer.endpoint.origin) this.#retire(peer);
    }
  }

  /** Drains everything. */
  async close(): Promise<void> {
    for (const peer of [...this.#opened.keys(), ...this.#http1Only.keys()]) this.#retire(peer);
    await Promise.all(this.#draining);
  }

  #open(endpoint: Endpoint, http2: Http2Settings | undefined): Opened {
    const { connectionsPerPeer, bodyTimeoutMs, open } = this.#options;
    const { origin } = endpoint;
    const { protocol, hostname } = new URL(origin);
    const secure = protocol === 'https:';
    const tls = secure ? this.#tlsFor(endpoint) : {};
    const dispatcher = open(endpoint, {
      connections: connectionsPerPeer,
      pipelining: 1,
      // Well below any server's idle time-out, so that a socket is rarely used just as the server closes it; never longer than 10 s,
      // whatever the server hints at.
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 10_000,
      bodyTimeout: bodyTimeoutMs,
      // Behind the time-outs of calls. The same as for the body, so that undici keeps one timer for both.
      headersTimeout: bodyTimeoutMs,
      maxHeaderSize: 16_384,
      allowH2: http2 !== undefined,
      ...(http2 !== undefined && { h2Options: { maxConcurrentStreams: http2.streams } }),
      // Pools look for this here, and not where undici's types have it.
      ...(http2 !== undefined && http2.cleartext && !secure && { useH2c: true }),
      connect: this.#connector(endpoint, tls, http2, secure),
    });
    return { origin, dispatcher, servername: secure ? (tls.servername ?? unbracketed(hostname)) : undefined };
  }

  #tlsFor(endpoint: Endpoint): TlsOptions {
    const { tls = {} } = this.#options;
    return typeof tls === 'function' ? tls(endpoint) : tls;
  }

  #connector(
    endpoint: Endpoint,
    tls: TlsOptions,
    http2: Http2Settings | undefined,
    secure: boolean,
  ): Partial<buildConnector.BuildOptions> | buildConnector.connector {
    const { connectTimeoutMs } = this.#options;
    if (!secure) return { timeout: connectTimeoutMs };
    const connect = buildConnector({ ...tls, timeout: connectTimeoutMs, allowH2: http2 !== undefined, preferH2: true });
    return ({ servername = '', ...options }, callback) => {
      // TLS knows no names that are addresses (RFC 6066 §3): without one, the certificate has to name the address itself.
      connect({ ...options, ...(isIP(servername) === 0 && { servername }) }, (...result) => {
        const [error, socket] = result;
        const limiter = this.#limiters.get(endpoint.id);
        if (error === null && http2 !== undefined && limiter !== undefined && 'alpnProtocol' in socket) {
          limiter.slots = socket.alpnProtocol === 'h2' ? http2.streams : this.#options.connectionsPerPeer;
        }
        callback(...result);
      });
    };
  }

  #retire(peer: Peer): void {
    for (const opened of [this.#opened, this.#http1Only]) {
      const connection = opened.get(peer);
      if (connection === undefined) continue;
      opened.delete(peer);
      const drained = this.#drain(connection.dispatcher).finally(() => this.#draining.delete(drained));
      this.#draining.add(drained);
    }
  }

  async #drain(dispatcher: Connections): Promise<void> {
    const overdue = setTimeout(() => void dispatcher.destroy(), this.#options.drainTimeoutMs);
    // What is destroyed while it closes rejects the close; either way it is gone.
    await dispatcher.close().catch(() => {});
    clearTimeout(overdue);
  }
}

function unbracketed(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
