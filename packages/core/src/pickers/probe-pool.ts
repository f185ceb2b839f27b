/**
 * The last few answers to probes, at most one of each peer, and the hot-cold rule that chooses among them.
 *
 * A peer is hot when it has more in flight than most answers of late told of. Among cold peers the fastest is best; when all are hot,
 * the one with least in flight. Fast peers are filled up to where they get hot, and no further. What is in flight is counted
 * per unit of weight, or a peer of three times the capacity would be hot at a third of its load.
 *
 * Source: Wydrowski et al., "Load is not what you should balance: Introducing Prequal", NSDI 2024, §4.
 */
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext } from '../policy.ts';
import { SlidingQuantile } from '../sliding-quantile.ts';

/** What a peer answers to a probe. */
export interface ProbeAnswer {
  /** Requests that it holds now, from all clients. */
  readonly inFlight: number;
  /**
   * What requests took of late that arrived when about as many were in flight: the median, in milliseconds. A plain average of late
   * requests will not do: it tells of a load that has passed, and everybody rushes to whoever was idle then.
   */
  readonly latencyMs: number;
}

export interface Probe {
  readonly peer: Peer;
  readonly latencyMs: number;
  readonly receivedAt: number;
  /** As answered, and one more for each request sent since. */
  inFlight: number;
  usesLeft: number;
}

/** Answers that "of late" spans: enough that the quantile is steady, few enough to follow the load within a second or two. */
const window = 128;

export class ProbePool {
  readonly #capacity: number;
  readonly #hotQuantile: number;
  readonly #inFlight = new SlidingQuantile(window);
  /** Oldest first. */
  readonly #probes: Probe[] = [];
  #hotAbove = Infinity;

  constructor(capacity: number, hotQuantile: number) {
    this.#capacity = capacity;
    this.#hotQuantile = hotQuantile;
  }

  get size(): number {
    return this.#probes.length;
  }

  get probes(): readonly Probe[] {
    return this.#probes;
  }

  /** Takes in an answer in place of an older one of the same peer, else of the oldest of all when there are many. */
  add(peer: Peer, { inFlight, latencyMs }: ProbeAnswer, uses: number, now: number): void {
    this.#inFlight.add(inFlight / peer.weight);
    // At quantile 1 nobody is ever hot, however many more in flight the next answer tells of.
    this.#hotAbove = this.#hotQuantile === 1 ? Infinity : (this.#inFlight.quantile(this.#hotQuantile) ?? Infinity);
    this.#remove(this.#indexOf(peer));
    if (this.size === this.#capacity) this.#remove(0);
    this.#probes.push({ peer, latencyMs, receivedAt: now, inFlight, usesLeft: uses });
  }

  /** The best probe of an open peer. O(size), as all that follows. */
  best(context: PickContext): Probe | undefined {
    let best: Probe | undefined;
    for (const probe of this.#probes) {
      if (isOpen(probe.peer, context) && (best === undefined || this.#isBetter(probe, best))) best = probe;
    }
    return best;
  }

  /** Counts a request sent to `peer`, and forgets its probe when it has been used often enough. */
  use(peer: Peer): void {
    const index = this.#indexOf(peer);
    const probe = this.#probes[index];
    if (probe === undefined) return;
    probe.inFlight += 1;
    probe.usesLeft -= 1;
    if (probe.usesLeft <= 0) this.#remove(index);
  }

  isHot({ peer, inFlight }: Probe): boolean {
    return inFlight / peer.weight > this.#hotAbove;
  }

  removeOldest(): void {
    this.#remove(0);
  }

  removeWorst(): void {
    let worst = 0;
    for (let index = 1; index < this.size; index += 1) {
      if (this.#isBetter(this.#probes[worst]!, this.#probes[index]!)) worst = index;
    }
    this.#remove(worst);
  }

  /** Forgets what was received before `oldest`. */
  expire(oldest: number): void {
    while (this.size > 0 && this.#probes[0]!.receivedAt < oldest) this.#remove(0);
  }

  /** Forgets the probes of all but these peers. */
  keepOnly(peers: ReadonlySet<Peer>): void {
    for (let index = this.size - 1; index >= 0; index -= 1) {
      if (!peers.has(this.#probes[index]!.peer)) this.#remove(index);
    }
  }

  #isBetter(one: Probe, other: Probe): boolean {
    const hot = this.isHot(one);
    if (hot !== this.isHot(other)) return !hot;
    return hot ? one.inFlight / one.peer.weight < other.inFlight / other.peer.weight : one.latencyMs < other.latencyMs;
  }

  #indexOf(peer: Peer): number {
    for (let index = 0; index < this.size; index += 1) if (this.#probes[index]!.peer === peer) return index;
    return -1;
  }

  /** Moves up what follows: `splice` would allocate an array for what it removes, and this runs once a pick. */
  #remove(index: number): void {
    if (index < 0 || index >= this.size) return;
    for (let next = index + 1; next < this.size; next += 1) this.#probes[next - 1] = this.#probes[next]!;
    this.#probes.pop();
  }
}
