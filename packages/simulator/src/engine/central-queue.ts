/**
 * One queue before all servers: whoever gets a slot free takes the request that has waited longest. No client-side choice can do better,
 * since each must decide before it knows; so this is the bound that policies are measured against.
 *
 * Of several servers with a free slot the fastest takes it. For servers of equal speed that is exact M/M/c; for unequal ones it is
 * not quite the optimum, which would sometimes leave a slow slot idle.
 */
import { Ring } from './ring.ts';
import type { Server } from './server.ts';

export class CentralQueue {
  readonly #servers: readonly Server[];
  readonly #queue = new Ring();

  constructor(servers: readonly Server[]) {
    this.#servers = servers;
  }

  /** The server that takes `job` now; undefined when it has to wait. O(servers). */
  deliver(job: number): Server | undefined {
    const server = this.#free();
    if (server === undefined) this.#queue.push(job);
    return server;
  }

  /** Who takes what next; undefined when nobody is free or nothing waits. */
  next(): { readonly job: number; readonly server: Server } | undefined {
    if (this.#queue.length === 0) return undefined;
    const server = this.#free();
    return server === undefined ? undefined : { job: this.#queue.shift(), server };
  }

  #free(): Server | undefined {
    let best: Server | undefined;
    for (const server of this.#servers) {
      if (!server.up || server.speed === 0 || server.running >= server.slots) continue;
      if (best === undefined || server.speed > best.speed) best = server;
    }
    return best;
  }
}
