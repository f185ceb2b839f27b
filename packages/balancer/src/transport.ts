/**
 * One undici Pool per peer: opened on the first request, drained when the peer leaves.
 *
 * Closing waits for what is in flight; a pool that is still busy after the grace period is destroyed with it.
 */
import type { Peer, PoolChange } from '@lb/core';
import { Pool } from 'undici';

export interface TransportOptions {
  /** Most sockets to one peer. */
  readonly connections: number;
  /** How long a connection may take to be made, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long requests on a peer that left may take to finish, in milliseconds. */
  readonly drainTimeoutMs: number;
}

interface Connections {
  readonly origin: string;
  readonly pool: Pool;
}

export class Transport {
  readonly #options: TransportOptions;
  readonly #connections = new Map<Peer, Connections>();
  readonly #draining = new Set<Promise<void>>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** The connections to `peer`. */
  to(peer: Peer): Pool {
    let connections = this.#connections.get(peer);
    if (connections === undefined) {
      connections = this.#open(peer.endpoint.origin);
      this.#connections.set(peer, connections);
    }
    return connections.pool;
  }

  /** Follows the pool of peers: connections to those that left, or moved, are drained. */
  sync({ removed, changed }: PoolChange): void {
    for (const peer of removed) this.#retire(peer);
    for (const peer of changed) {
      if (this.#connections.get(peer)?.origin !== peer.endpoint.origin) this.#retire(peer);
    }
  }

  /** Drains everything. */
  async close(): Promise<void> {
    for (const peer of this.#connections.keys()) this.#retire(peer);
    await Promise.all(this.#draining);
  }

  #open(origin: string): Connections {
    const { connections, connectTimeoutMs } = this.#options;
    const pool = new Pool(origin, {
      connections,
      pipelining: 1,
      // Well below any server's idle timeout, so that a socket is rarely used just as the server closes it.
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 10_000,
      connect: { timeout: connectTimeoutMs },
    });
    return { origin, pool };
  }

  #retire(peer: Peer): void {
    const connections = this.#connections.get(peer);
    if (connections === undefined) return;
    this.#connections.delete(peer);
    const drained = this.#drain(connections.pool).finally(() => this.#draining.delete(drained));
    this.#draining.add(drained);
  }

  async #drain(pool: Pool): Promise<void> {
    const overdue = setTimeout(() => void pool.destroy(), this.#options.drainTimeoutMs);
    // A pool that is destroyed while it closes rejects the close; either way it is gone.
    await pool.close().catch(() => {});
    clearTimeout(overdue);
  }
}
