/**
 * Prequal: asks a few peers how busy they are, beside each request, and sends the next ones by what they answered.
 *
 * Own counts say little when a client is one of many. A probe tells what a peer holds from all of them and how fast it is at that; a small
 * pool of recent answers (see {@link ProbePool}) is enough to choose from, and asking in the background costs a request no
 * time. An answer is used a few times only, and one is dropped with each request, the oldest and the worst in turn, since using up the
 * good ones would leave a pool of bad ones.
 *
 * O(1) a pick: the pool has sixteen answers at most; O(n) an update. This package sends no probe itself: a {@link ProbeSource} does, and
 * brings the answers to the {@link ProbeSink} it was given.
 *
 * Loses where probes cost as much as requests, to servers that do not answer them, and to peers that fail fast: they are idle and
 * quick, and so need ejection beside this. With two peers or less there is nothing to choose.
 *
 * Source: Wydrowski et al., "Load is not what you should balance: Introducing Prequal", NSDI 2024. Here each peer has one answer in
 * the pool: the paper supposes many more peers than answers, and with few the same peer would fill it.
 */
import { InvalidOptionError } from '../errors.ts';
import { checkNumber } from '../options.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { AliasTable } from './alias-table.ts';
import { anyOpen, weightShare } from './any-open.ts';
import { explain } from './explain.ts';
import { type PeerRanks, ranksOf } from './peer-ranks.ts';
import type { ProbeAnswer, ProbePool } from './probe-pool.ts';

/** Sends probes. Supplied by whoever can: over HTTP, or out of a simulation. */
export interface ProbeSource {
  /**
   * Asks `peer` how busy it is, and calls `sink.answered` when it says so soon enough; else does nothing. Is called during a pick, so
   * it must neither block nor throw.
   */
  probe(peer: Peer, sink: ProbeSink): void;
}

/** Takes the answers to probes. */
export interface ProbeSink {
  /** `peer` has answered, at `now`. Answers of peers that have left are ignored. */
  answered(peer: Peer, answer: ProbeAnswer, now: number): void;
}

/** How many probes are sent and kept, and what counts as hot. */
export interface PrequalOptions {
  /** What sends the probes. */
  readonly source: ProbeSource;
  /** Probes for each pick. Fewer cost less and leave older answers; below 1 the tail suffers. Defaults to 3. */
  readonly probesPerPick?: number | undefined;
  /** Answers dropped with each pick, the oldest and the worst in turn. Defaults to 1. */
  readonly removalsPerPick?: number | undefined;
  /** Most answers kept, at least 2. Defaults to 16. */
  readonly poolSize?: number | undefined;
  /** How long an answer is good for, in milliseconds. Defaults to 1 000. */
  readonly maxAgeMs?: number | undefined;
  /**
   * Share of late answers that a peer must have more in flight than to be hot. At 0 what is in flight decides alone, at 1 latency does,
   * which the paper found worst. Defaults to 0.84.
   */
  readonly hotQuantile?: number | undefined;
}

export interface PrequalSettings {
  readonly source: ProbeSource;
  readonly probesPerPick: number;
  readonly removalsPerPick: number;
  readonly poolSize: number;
  readonly maxAgeMs: number;
  readonly hotQuantile: number;
}

export function prequalSettings(options: PrequalOptions): PrequalSettings {
  if (typeof options?.source?.probe !== 'function') {
    throw new InvalidOptionError('source', 'a ProbeSource', options?.source);
  }
  const {
    source,
    probesPerPick = 3,
    removalsPerPick = 1,
    poolSize = 16,
    maxAgeMs = 1000,
    hotQuantile = 0.84,
  } = options;
  return {
    source,
    probesPerPick: checkNumber('probesPerPick', probesPerPick, { above: 0 }),
    removalsPerPick: checkNumber('removalsPerPick', removalsPerPick, { min: 0 }),
    poolSize: checkNumber('poolSize', poolSize, { min: 2, integer: true }),
    maxAgeMs: checkNumber('maxAgeMs', maxAgeMs, { above: 0 }),
    hotQuantile: checkNumber('hotQuantile', hotQuantile, { min: 0, max: 1 }),
  };
}

/** A pool of one answer would send everything to that peer. */
const leastProbes = 2;

export class Prequal implements Picker, ProbeSink {
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #settings: PrequalSettings;
  readonly #pool: ProbePool;
  readonly #byWeight: AliasTable;
  readonly #ranks: PeerRanks;
  readonly #uses: number;
  /** All indexes in random order; each batch of probes shuffles as far as it goes. */
  readonly #order: Uint32Array;
  /** Parts of a probe, and of a removal, left over from earlier picks. */
  #probesDue = 0;
  #removalsDue = 0;
  #oldestNext = true;

  /** Takes over where the loads keep their numbers from `previous`, which is not to be used any more; `pool` has its answers. */
  constructor(
    peers: readonly Peer[],
    random: Random,
    settings: PrequalSettings,
    pool: ProbePool,
    previous: Picker | undefined,
  ) {
    this.#peers = peers;
    this.#random = random;
    this.#settings = settings;
    this.#pool = pool;
    this.#byWeight = new AliasTable(peers.map(weightShare));
    this.#ranks = ranksOf(peers);
    this.#uses = reuseLimit(peers.length, settings);
    this.#order = new Uint32Array(peers.length);
    for (let index = 0; index < peers.length; index += 1) this.#order[index] = index;
    pool.follow(new Set(peers));
    if (previous instanceof Prequal) previous.#ranks.release();
  }

  pick(context: PickContext): Peer | undefined {
    this.#pool.expire(context.now - this.#settings.maxAgeMs);
    const best = this.#pool.size < leastProbes ? undefined : this.#pool.best(context);
    const peer = best ?? this.#draw(context);
    if (context.trace !== undefined && best !== undefined) this.#explain(context, best);
    if (peer !== undefined) this.#pool.use(peer);
    this.#removeSome();
    this.#probeSome();
    return peer;
  }

  answered(peer: Peer, answer: ProbeAnswer, now: number): void {
    // What comes over the network may be anything, and a NaN would never leave the quantile again.
    if (!(answer.inFlight >= 0) || !(answer.latencyMs >= 0)) return;
    const whole = Math.floor(this.#uses);
    const uses = this.#random() < this.#uses - whole ? whole + 1 : whole;
    this.#pool.add(peer, answer, uses, now);
  }

  #draw(context: PickContext): Peer | undefined {
    const index = this.#byWeight.draw(this.#random);
    const drawn = this.#peers[index]!;
    // As `isOpen`, but without a look at the peer, which would be a cache miss: of ten thousand peers, 68 ns became 46.
    const isOpen = this.#ranks.hasRoom(index) && context.exclude?.has(drawn) !== true;
    const peer = isOpen ? drawn : anyOpen(this.#peers, context, this.#random, weightShare);
    if (context.trace !== undefined) explain(context, 'drawn by weight', peer);
    return peer;
  }

  #removeSome(): void {
    // When every peer has its place in the pool, age alone says which answers are worth keeping.
    if (this.#peers.length <= this.#settings.poolSize) return;
    this.#removalsDue += this.#settings.removalsPerPick;
    for (; this.#removalsDue >= 1; this.#removalsDue -= 1) {
      if (this.#oldestNext) this.#pool.removeOldest();
      else this.#pool.removeWorst();
      this.#oldestNext = !this.#oldestNext;
    }
  }

  #probeSome(): void {
    const size = this.#order.length;
    if (size <= 1) return;
    this.#probesDue += this.#settings.probesPerPick;
    const count = Math.min(Math.floor(this.#probesDue), size);
    this.#probesDue -= Math.floor(this.#probesDue);
    for (let sent = 0; sent < count; sent += 1) {
      const chosen = sent + Math.floor(this.#random() * (size - sent));
      const index = this.#order[chosen]!;
      this.#order[chosen] = this.#order[sent]!;
      this.#order[sent] = index;
      this.#settings.source.probe(this.#peers[index]!, this);
    }
  }

  #explain(context: PickContext, picked: Peer): void {
    const probes = new Map(this.#pool.probes.map((probe) => [probe.peer, probe]));
    const allHot = probes.get(picked)?.isHot === true;
    explain(
      context,
      allHot ? 'least in flight, all hot' : 'fastest of the cold',
      picked,
      [...probes.keys()].filter((peer) => peer !== picked),
      (peer) => {
        const { load, latencyMs, isHot } = probes.get(peer)!;
        if (allHot) return load;
        return isHot ? Infinity : latencyMs;
      },
    );
  }
}

/**
 * How often one answer may be used, so that the pool holds its size: with fewer removed than come in, each is worth more than one
 * request. (1 + δ) / ((1 - m/n)·probes - removals), at least 1, with δ = 1. Without limit where that is not above 0: then answers
 * leave the pool as fast as new peers' come in, and none can be wasted.
 */
export function reuseLimit(
  peers: number,
  { poolSize, probesPerPick, removalsPerPick }: Pick<PrequalSettings, 'poolSize' | 'probesPerPick' | 'removalsPerPick'>,
): number {
  const surplus = (1 - poolSize / peers) * probesPerPick - removalsPerPick;
  return surplus > 0 ? Math.max(1, 2 / surplus) : Infinity;
}
