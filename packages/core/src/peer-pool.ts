import type { Endpoint, Snapshot } from './endpoint.ts';
import { InvalidOptionError, NoEndpointError, type NoEndpointReason } from './errors.ts';
import { Peer } from './peer.ts';
import type { PickContext, Picker, Policy, Random } from './policy.ts';

export interface PeerPoolOptions {
  /** What chooses among the peers. */
  readonly policy: Policy;
  /** Source of chance for picks: `Math.random`, or `seededRandom(1)` for picks that can be repeated. */
  readonly random: Random;
  /** Name of the service, for error messages. Defaults to `service`. */
  readonly service?: string | undefined;
}

/** What an update changed: peers by whether they came, left, or stayed with a new endpoint. */
export interface PoolChange {
  readonly added: readonly Peer[];
  readonly removed: readonly Peer[];
  readonly changed: readonly Peer[];
}

/**
 * The peers of one service, and the choice among them.
 *
 * What is learned about a peer is found by endpoint id and survives every update, whatever order or address the endpoint comes
 * back in. The picker is rebuilt when the peers it may choose from change, never on a pick.
 */
export class PeerPool {
  readonly service: string;
  readonly policy: Policy;
  readonly #random: Random;
  #revision = -1;
  #peers: ReadonlyMap<string, Peer> = new Map();
  #picker: Picker | undefined;

  constructor(options: PeerPoolOptions) {
    if (typeof options.policy?.createPicker !== 'function') {
      throw new InvalidOptionError('policy', 'a Policy', options.policy);
    }
    if (typeof options.random !== 'function') throw new InvalidOptionError('random', 'a function', options.random);
    this.service = options.service ?? 'service';
    this.policy = options.policy;
    this.#random = options.random;
  }

  /** Revision of the last snapshot; -1 before the first. */
  get revision(): number {
    return this.#revision;
  }

  /** All peers known, in the order of the last snapshot. */
  get peers(): Iterable<Peer> {
    return this.#peers.values();
  }

  get size(): number {
    return this.#peers.size;
  }

  /** Makes the pool hold exactly what `snapshot` says. Of two endpoints with one id the last counts. O(n). */
  update(snapshot: Snapshot, now: number): PoolChange {
    const added: Peer[] = [];
    const changed: Peer[] = [];
    const left = new Map(this.#peers);
    const peers = new Map<string, Peer>();
    for (const endpoint of snapshot.endpoints) {
      const known = this.#peers.get(endpoint.id) ?? peers.get(endpoint.id);
      if (known === undefined) {
        const peer = new Peer(endpoint, this.policy.createLoad(now));
        added.push(peer);
        peers.set(endpoint.id, peer);
      } else {
        if (known.endpoint !== endpoint && adopt(known, endpoint)) changed.push(known);
        peers.set(endpoint.id, known);
      }
      left.delete(endpoint.id);
    }
    const removed = [...left.values()];

    this.#revision = snapshot.revision;
    this.#peers = peers;
    if (added.length > 0 || removed.length > 0 || changed.length > 0) this.#rebuild();
    return { added, removed, changed };
  }

  /** The peer for one attempt, or `undefined` when nobody can take it. */
  pick(context: PickContext): Peer | undefined {
    return this.#picker?.pick(context);
  }

  /** As {@link pick}, for callers that have nothing else to try. Throws {@link NoEndpointError}. */
  pickOrThrow(context: PickContext): Peer {
    const peer = this.pick(context);
    if (peer === undefined) throw this.noEndpoint();
    return peer;
  }

  /** The error that says why {@link pick} just found nobody. */
  noEndpoint(): NoEndpointError {
    return new NoEndpointError(this.service, this.#revision, this.#whyNone());
  }

  #whyNone(): NoEndpointReason {
    if (this.#peers.size === 0) return 'empty';
    for (const peer of this.#peers.values()) if (peer.load.inFlight < peer.limit) return 'excluded';
    return 'saturated';
  }

  #rebuild(): void {
    const peers = eligible([...this.#peers.values()]);
    this.#picker = peers.length === 0 ? undefined : this.policy.createPicker(peers, this.#random, this.#picker);
  }
}

/** Takes over what `endpoint` says now; false when it says nothing new. */
function adopt(peer: Peer, endpoint: Endpoint): boolean {
  const before = peer.endpoint;
  peer.endpoint = endpoint;
  peer.weight = endpoint.weight ?? 1;
  peer.limit = endpoint.maxConcurrency ?? Infinity;
  return (
    before.weight !== endpoint.weight ||
    before.state !== endpoint.state ||
    before.maxConcurrency !== endpoint.maxConcurrency ||
    before.origin !== endpoint.origin ||
    before.zone !== endpoint.zone
  );
}

/**
 * Who may be picked at all: those that serve and want traffic. When there is none, those that drain or weigh 0 are better than
 * an error, as in Kubernetes, where endpoints that terminate but still serve are the last resort (KEP-1669).
 */
function eligible(peers: readonly Peer[]): readonly Peer[] {
  const wanted = peers.filter((peer) => peer.endpoint.state === 'serving' && peer.weight > 0);
  if (wanted.length > 0) return wanted;
  for (const peer of peers) peer.weight ||= 1;
  return peers;
}
