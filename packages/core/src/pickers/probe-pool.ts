/**
 * The last few answers to probes, at most one of each peer, and the hot-cold rule that chooses among them.
 *
 * A peer is hot when it has more in flight than most answers of late told of. Among cold peers the fastest is best; when all are hot,
 * the one with least in flight. Fast peers are filled up to where they get hot, and no further. What is in flight is counted
 * per unit of weight, or a peer of three times the capacity would be hot at a third of its load.
 *
 * All that the rule compares lies here, side by side, written when an answer comes and when peers change: a peer of ten thousand is in no
 * near cache, and looking at sixteen of them would cost many times the comparing. Only the best is asked whether it is open.
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

/** An answer as the pool holds it. */
export interface Probe {
  readonly peer: Peer;
  /** As answered, and one more for each request sent since. */
  readonly inFlight: number;
  readonly latencyMs: number;
  readonly usesLeft: number;
  /** What is in flight for each unit of weight. */
  readonly load: number;
  readonly isHot: boolean;
}

/** Answers that "of late" spans: enough that the quantile is steady, few enough to follow the load within a second or two. */
const window = 128;

/** In place of a position when there is none. */
const none = -1;

export class ProbePool {
  readonly #hotQuantile: number;
  readonly #lateLoads = new SlidingQuantile(window);
  #hotAbove = Infinity;
  #present: ReadonlySet<Peer> = new Set();

  /** The slots in use, the oldest answer's first, and after them the others. */
  readonly #slots: Uint32Array;
  #size = 0;
  readonly #peers: (Peer | undefined)[];
  readonly #weights: Float64Array;
  readonly #inFlight: Float64Array;
  readonly #loads: Float64Array;
  readonly #latenciesMs: Float64Array;
  readonly #receivedAt: Float64Array;
  readonly #usesLeft: Float64Array;

  constructor(capacity: number, hotQuantile: number) {
    this.#hotQuantile = hotQuantile;
    this.#slots = Uint32Array.from({ length: capacity }, (_, slot) => slot);
    this.#peers = Array.from({ length: capacity }, () => undefined);
    this.#weights = new Float64Array(capacity);
    this.#inFlight = new Float64Array(capacity);
    this.#loads = new Float64Array(capacity);
    this.#latenciesMs = new Float64Array(capacity);
    this.#receivedAt = new Float64Array(capacity);
    this.#usesLeft = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** What is in the pool, oldest first. Allocates: for whoever asks why. */
  get probes(): readonly Probe[] {
    return Array.from(this.#slots.subarray(0, this.#size), (slot) => ({
      peer: this.#peers[slot]!,
      inFlight: this.#inFlight[slot]!,
      latencyMs: this.#latenciesMs[slot]!,
      usesLeft: this.#usesLeft[slot]!,
      load: this.#loads[slot]!,
      isHot: this.#isHot(slot),
    }));
  }

  /** From now on takes answers of these peers only, at the weights that they have now, and forgets those of others. O(size). */
  follow(peers: ReadonlySet<Peer>): void {
    this.#present = peers;
    for (let position = this.#size - 1; position >= 0; position -= 1) {
      const slot = this.#slots[position]!;
      const peer = this.#peers[slot]!;
      if (peers.has(peer)) this.#set(slot, this.#inFlight[slot]!, peer.weight);
      else this.#remove(position);
    }
  }

  /**
   * Takes in an answer in place of an older one of the same peer, else of the oldest of all when there are many. Answers of peers that
   * are not there any more are ignored. O(size).
   */
  add(peer: Peer, { inFlight, latencyMs }: ProbeAnswer, uses: number, now: number): void {
    if (!this.#present.has(peer)) return;
    const { weight } = peer;
    this.#lateLoads.add(inFlight / weight);
    // At quantile 1 nobody is ever hot, however many more in flight the next answer tells of.
    this.#hotAbove = this.#hotQuantile === 1 ? Infinity : (this.#lateLoads.quantile(this.#hotQuantile) ?? Infinity);
    const before = this.#positionOf(peer);
    if (before !== none) this.#remove(before);
    else if (this.#size === this.#slots.length) this.removeOldest();

    const slot = this.#slots[this.#size]!;
    this.#size += 1;
    this.#peers[slot] = peer;
    this.#set(slot, inFlight, weight);
    this.#latenciesMs[slot] = latencyMs;
    this.#receivedAt[slot] = now;
    this.#usesLeft[slot] = uses;
  }

  /** The open peer of the best answer. O(size), as all that follows. */
  best(context: PickContext): Peer | undefined {
    if (this.#size === 0) return undefined;
    const slots = this.#slots;
    const loads = this.#loads;
    const latenciesMs = this.#latenciesMs;
    const hotAbove = this.#hotAbove;
    let best = slots[0]!;
    let bestHot = loads[best]! > hotAbove;
    let bestCost = bestHot ? loads[best]! : latenciesMs[best]!;
    for (let position = 1; position < this.#size; position += 1) {
      const slot = slots[position]!;
      const load = loads[slot]!;
      const hot = load > hotAbove;
      const cost = hot ? load : latenciesMs[slot]!;
      if (hot === bestHot ? cost < bestCost : bestHot) {
        best = slot;
        bestHot = hot;
        bestCost = cost;
      }
    }
    const peer = this.#peers[best]!;
    return isOpen(peer, context) ? peer : this.#bestOpen(context);
  }

  /** Counts a request sent to `peer`, and forgets its answer when it has been used often enough. */
  use(peer: Peer): void {
    const position = this.#positionOf(peer);
    if (position === none) return;
    const slot = this.#slots[position]!;
    this.#set(slot, this.#inFlight[slot]! + 1, this.#weights[slot]!);
    const usesLeft = this.#usesLeft[slot]! - 1;
    this.#usesLeft[slot] = usesLeft;
    if (usesLeft <= 0) this.#remove(position);
  }

  removeOldest(): void {
    if (this.#size > 0) this.#remove(0);
  }

  removeWorst(): void {
    if (this.#size === 0) return;
    let worst = 0;
    for (let position = 1; position < this.#size; position += 1) {
      if (this.#isBetter(this.#slots[worst]!, this.#slots[position]!)) worst = position;
    }
    this.#remove(worst);
  }

  /** Forgets what was received before `oldest`. */
  expire(oldest: number): void {
    while (this.#size > 0 && this.#receivedAt[this.#slots[0]!]! < oldest) this.#remove(0);
  }

  #bestOpen(context: PickContext): Peer | undefined {
    let best = none;
    for (let position = 0; position < this.#size; position += 1) {
      const slot = this.#slots[position]!;
      if (!isOpen(this.#peers[slot]!, context)) continue;
      if (best === none || this.#isBetter(slot, best)) best = slot;
    }
    return best === none ? undefined : this.#peers[best];
  }

  #set(slot: number, inFlight: number, weight: number): void {
    this.#inFlight[slot] = inFlight;
    this.#weights[slot] = weight;
    this.#loads[slot] = inFlight / weight;
  }

  #isHot(slot: number): boolean {
    return this.#loads[slot]! > this.#hotAbove;
  }

  #isBetter(one: number, other: number): boolean {
    const hot = this.#isHot(one);
    if (hot !== this.#isHot(other)) return !hot;
    const costs = hot ? this.#loads : this.#latenciesMs;
    return costs[one]! < costs[other]!;
  }

  #positionOf(peer: Peer): number {
    for (let position = 0; position < this.#size; position += 1) {
      if (this.#peers[this.#slots[position]!] === peer) return position;
    }
    return none;
  }

  /** Moves up what follows, and puts the slot first among those not in use. */
  #remove(position: number): void {
    const slot = this.#slots[position]!;
    this.#size -= 1;
    for (let next = position; next < this.#size; next += 1) this.#slots[next] = this.#slots[next + 1]!;
    this.#slots[this.#size] = slot;
    // Or a peer that has left would stay in memory until somebody else gets its slot.
    this.#peers[slot] = undefined;
  }
}
