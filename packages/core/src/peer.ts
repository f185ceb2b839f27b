import type { Endpoint } from './endpoint.ts';
import type { Ejection } from './health/ejection.ts';
import { TabledLoad } from './load/load-table.ts';
import type { Load, PickContext } from './policy.ts';

/** An endpoint as this client knows it. The same object for as long as the endpoint's id is known, whatever else changes. */
export class Peer {
  readonly id: string;
  #limit: number;
  /** What it has to do, as its policy sees it. Written by the pool: another policy brings another load. */
  load: Load;
  /** The endpoint as last discovered. Written by the pool. */
  endpoint: Endpoint;
  /**
   * Weight in effect now: the endpoint's, times slow start and the preference for its zone or priority; above 0 for every peer
   * that a picker sees, and 0 for the others. Written by the pool.
   */
  weight: number;
  /**
   * {@link weight} over the mean of all that may be picked now: what costs are worked out at, so that weights of 100, 200 and 300 say the
   * same as 1, 2 and 3. Written by the pool; the weight itself until then.
   */
  relativeWeight: number;
  /** Set while the peer is set aside for failing. Written by the pool. */
  ejection: Ejection | undefined;
  /** Whether the registry no longer lists the endpoint, without having said why. Written by the pool. */
  suspect: boolean;

  constructor(endpoint: Endpoint, load: Load) {
    this.id = endpoint.id;
    this.load = load;
    this.endpoint = endpoint;
    this.weight = weightOf(endpoint);
    this.relativeWeight = this.weight;
    this.#limit = limitOf(endpoint);
    this.ejection = undefined;
    this.suspect = false;
  }

  /**
   * Most attempts in flight at once: the endpoint's `maxConcurrency`, or what a limiter found if that is less; 2 147 483 647 when
   * neither says. Written by the pool.
   */
  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    if (this.load instanceof TabledLoad) this.load.limitTo(limit);
  }
}

/**
 * More than can ever be in flight. Not `Infinity`: the engine stores small integers in the object and any other number beside it, which
 * among thousands of peers is a cache miss for each that a pick looks at.
 */
export const noLimit: number = 2 ** 31 - 1;

/** What the endpoint allows to be in flight at once. */
export function limitOf({ maxConcurrency = noLimit }: Endpoint): number {
  return Math.min(maxConcurrency, noLimit);
}

/** Whether `peer` may be picked: it has room, and this request has not ruled it out. */
export function isOpen(peer: Peer, context: PickContext): boolean {
  return peer.load.inFlight < peer.limit && !(context.exclude?.has(peer) ?? false);
}

/**
 * The weight that an endpoint asks for. What is no number above 0 asks for no traffic, however it got past the registry; what is
 * beyond reason is brought back to where sums and products of weights stay numbers.
 */
export function weightOf(endpoint: Endpoint): number {
  const { weight = 1 } = endpoint;
  return weight > 0 && weight < Infinity ? Math.min(1e100, Math.max(1e-100, weight)) : 0;
}

/** The mean of what the peers weigh now; there is at least one. O(n). */
export function meanWeight(peers: readonly Peer[]): number {
  // One division: of whole weights the mean is then exact where it can be, and so are ties between counts over weights.
  return peers.reduce((sum, { weight }) => sum + weight, 0) / peers.length;
}

/** Whether the endpoint asks for new work. */
export function takesWork(endpoint: Endpoint): boolean {
  return endpoint.state === 'serving' && weightOf(endpoint) > 0;
}

/** Whether the peer counts among those that should be available: listed, and asking for work. */
export function isCandidate(peer: Peer): boolean {
  return !peer.suspect && takesWork(peer.endpoint);
}
