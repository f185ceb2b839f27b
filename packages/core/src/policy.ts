/**
 * The contracts that a balancing policy is made of.
 *
 * What an endpoint costs now (`Load`) and what chooses among peers (`Picker`) are independent; a `Policy` pairs one with the
 * other. The split is Finagle's (`DistributorT` and `NodeT`), and keeps each half short.
 */
import type { Tier } from './availability.ts';
import type { Outcome } from './outcome.ts';
import type { Peer } from './peer.ts';

/** A source of uniform numbers in [0, 1), such as `Math.random` or `seededRandom(1)`. */
export type Random = () => number;

/** What a peer has to do now, as this client knows it. One per peer, for as long as its endpoint id is known. */
export interface Load {
  /** Attempts begun and not yet ended. */
  readonly inFlight: number;
  /** An attempt starts. `now` is in milliseconds on a monotonic clock, as everywhere here. */
  begin(now: number): void;
  /** An attempt that began `elapsedMs` ago has ended. To be called once for each `begin`. */
  end(elapsedMs: number, outcome: Outcome, now: number): void;
  /** What one more request would cost at this weight, as a multiple of the mean of all; the lowest is best. Reads, never changes. */
  cost(now: number, weight: number): number;
  /** Takes in what the peer says of itself. Absent from loads that do not listen. */
  report?(report: LoadReport, now: number): void;
  /**
   * Forgets how attempts went, but not what is in flight: the peer was set aside, comes back, and is to be known anew. Absent from loads
   * that remember nothing of the kind.
   */
  forget?(): void;
}

/** What a peer says of its own load, over a time of its choosing; the fields of an ORCA load report that count here. */
export interface LoadReport {
  readonly requestsPerSecond: number;
  /** Requests among those that failed for the peer's own fault. Defaults to 0. */
  readonly errorsPerSecond?: number | undefined;
  /** Use of whatever is scarcest, from 0 to 1, or above when there is more than it can do. */
  readonly utilization: number;
}

/** What a pick may depend on beside the peers. */
export interface PickContext {
  /** The time of this pick: read the clock once and pass it down. */
  readonly now: number;
  /** What sticky policies hash; others do not look at it. */
  readonly key?: string | undefined;
  /** Peers not to return, such as those that this request has already tried. */
  readonly exclude?: ReadonlySet<Peer> | undefined;
  /**
   * Whether the request has failed before. Such a one is not sent to a peer that is doubtful unless there is nobody else. Defaults to
   * whether peers are excluded; say `false` where they are for another reason, or those that are set aside may never be tried again.
   */
  readonly retry?: boolean | undefined;
  /** Filled in by the pick when given; a pick that nobody asks about pays one comparison for it. */
  readonly trace?: PickTrace | undefined;
}

/** Why a peer was picked. May be used again: each pick starts it anew. */
export interface PickTrace {
  /** What decided, in a word or two, such as `cheaper` or `only one open`. */
  reason: string;
  /** The peers that were compared and what each cost; the first is the one that was picked. */
  candidates: PickCandidate[];
  /** Which of its peers the pool was picking from; a picker by itself leaves it as it is. */
  tier?: Tier | undefined;
}

/** A peer that was compared, and what one more request would have cost there. */
export interface PickCandidate {
  readonly peer: Peer;
  readonly cost: number;
}

/** Chooses among the peers it was built for. It reads live load when it picks, and never asks about health. */
export interface Picker {
  /** The peer for one attempt: never one that is excluded or full, and `undefined` only when all are. */
  pick(context: PickContext): Peer | undefined;
}

/**
 * A way to balance. One policy object serves one pool: it may keep what is known of the pool as a whole, such as how long answers
 * typically take.
 */
export interface Policy {
  readonly name: string;
  /** The load of a peer seen for the first time. */
  createLoad(now: number): Load;
  /**
   * A picker over `peers`, which is not empty and whose weights are all above 0. `previous` is the picker it replaces, from
   * which it may take over its place in a rotation, or the numbers that its peers are compared by; it is not used any more.
   */
  createPicker(peers: readonly Peer[], random: Random, previous?: Picker): Picker;
}
