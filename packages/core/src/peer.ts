import type { Endpoint } from './endpoint.ts';
import type { Load, PickContext } from './policy.ts';

/** An endpoint as this client knows it. The same object for as long as the endpoint's id is known, whatever else changes. */
export class Peer {
  readonly id: string;
  readonly load: Load;
  /** The endpoint as last discovered. Written by the pool. */
  endpoint: Endpoint;
  /** Weight in effect now, above 0 for every peer that a picker sees. Written by the pool. */
  weight: number;
  /** Most attempts in flight at once. Written by the pool. */
  limit: number;

  constructor(endpoint: Endpoint, load: Load) {
    this.id = endpoint.id;
    this.load = load;
    this.endpoint = endpoint;
    this.weight = endpoint.weight ?? 1;
    this.limit = endpoint.maxConcurrency ?? Infinity;
  }
}

/** Whether `peer` may be picked: it has room, and this request has not ruled it out. */
export function isOpen(peer: Peer, context: PickContext): boolean {
  return peer.load.inFlight < peer.limit && !(context.exclude?.has(peer) ?? false);
}
