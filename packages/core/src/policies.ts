/** The policies by name: each pairs a picker with the load that it reads. `docs/algorithms.md` says which to choose. */
import { finagleDecay, FinaglePeakEwma, type FinaglePeakEwmaOptions } from './load/finagle-peak-ewma.ts';
import { GuardedLatency } from './load/guarded-latency.ts';
import { GuardedPeakEwma, type PeakEwmaOptions, PeakEwmaPool } from './load/guarded-peak-ewma.ts';
import { InFlight } from './load/in-flight.ts';
import { ReportedWeight, ReportedWeightSettings } from './load/reported-weight.ts';
import { TabledInFlight } from './load/tabled-in-flight.ts';
import { BoundedLoad, type BoundedLoadOptions, CountedTogether, loadExcess } from './pickers/bounded-load.ts';
import { type HashOptions, type HashPicker, type HashPolicy, originOf } from './pickers/hash-picker.ts';
import { byAge, Jump, type JumpOptions } from './pickers/jump.ts';
import { authorityOf, Ketama, type KetamaOptions, ringDialect } from './pickers/ketama.ts';
import { LeastLoaded } from './pickers/least-loaded.ts';
import { Maglev, type MaglevOptions, maglevSize } from './pickers/maglev.ts';
import { type OrcaOptions, orcaUpdate, OrcaWeightedRoundRobin } from './pickers/orca-weighted-round-robin.ts';
import { threeChoices } from './pickers/power-of-three-choices.ts';
import { PowerOfTwoChoices } from './pickers/power-of-two-choices.ts';
import { Prequal, type PrequalOptions, prequalSettings } from './pickers/prequal.ts';
import { ProbePool } from './pickers/probe-pool.ts';
import { Rendezvous } from './pickers/rendezvous.ts';
import { RoundRobin } from './pickers/round-robin.ts';
import { SmoothWeightedRoundRobin } from './pickers/smooth-weighted-round-robin.ts';
import { StaticStride } from './pickers/static-stride.ts';
import { UniformRandom } from './pickers/uniform-random.ts';
import { WeightedRandom } from './pickers/weighted-random.ts';
import type { Peer } from './peer.ts';
import type { Picker, Policy, Random } from './policy.ts';

/** A policy whose picker asks no more of a load than how much is in flight. */
function counting<P extends Picker>(
  name: string,
  createPicker: (peers: readonly Peer[], random: Random, previous?: Picker) => P,
): Policy & { createPicker: typeof createPicker } {
  return { name, createLoad: () => new InFlight(), createPicker };
}

/** Every policy, by name. Each call makes one for one pool; `docs/algorithms.md` says which to choose. */
export const policies = {
  /** Any peer, each as likely as the next. */
  random: (): Policy => counting('random', (peers, random) => new UniformRandom(peers, random)),

  /** Any peer, each as likely as its weight says. */
  weightedRandom: (): Policy => counting('weightedRandom', (peers, random) => new WeightedRandom(peers, random)),

  /** One after the other. */
  roundRobin: (): Policy =>
    counting('roundRobin', (peers, random, previous) => new RoundRobin(peers, random, previous)),

  /** An even rotation by weight, as in nginx; for tens of peers. */
  smoothWeightedRoundRobin: (): Policy =>
    counting(
      'smoothWeightedRoundRobin',
      (peers, random, previous) => new SmoothWeightedRoundRobin(peers, random, previous),
    ),

  /** A rotation by weight for any number of peers, as in gRPC. */
  staticStride: (): Policy =>
    counting('staticStride', (peers, random, previous) => new StaticStride(peers, random, previous)),

  /** A rotation by the weights that the peers' own load reports give them. */
  orcaWeightedRoundRobin: (options: OrcaOptions = {}): Policy => {
    const settings = new ReportedWeightSettings(options);
    const updateMs = orcaUpdate(options);
    return {
      name: 'orcaWeightedRoundRobin',
      createLoad: () => new ReportedWeight(settings),
      createPicker: (peers, random, previous) => new OrcaWeightedRoundRobin(peers, random, updateMs, previous),
    };
  },

  /** The least busy for its weight, of all. */
  leastLoaded: (): Policy => counting('leastLoaded', (peers, random) => new LeastLoaded(peers, random)),

  /** The less busy for its weight, of two drawn by weight. */
  p2c: (): Policy => ({
    name: 'p2c',
    createLoad: () => new TabledInFlight(),
    createPicker: (peers, random, previous) => new PowerOfTwoChoices(peers, random, previous),
  }),

  /** Of two drawn by weight, the one with less latency times requests in flight, as Finagle measures it. */
  finaglePeakEwma: (options: FinaglePeakEwmaOptions = {}): Policy => {
    const decay = finagleDecay(options);
    return {
      name: 'finaglePeakEwma',
      createLoad: (now) => new FinaglePeakEwma(decay, now),
      createPicker: (peers, random, previous) => new PowerOfTwoChoices(peers, random, previous),
    };
  },

  /**
   * The one to choose by default: of three drawn by weight, the one with less latency and fewer requests in flight, where failing, hanging
   * and not having answered yet do not pass for being fast. Of more than 100 peers, two are drawn.
   */
  p2cLatency: (options: PeakEwmaOptions = {}): Policy => {
    // Three seconds of answers average out chance for a client that asks a peer a few times a second; `docs/evidence.md` has 1 to 10.
    const pool = new PeakEwmaPool({ ...options, decayMs: options.decayMs ?? 3000 });
    return {
      name: 'p2cLatency',
      createLoad: () => new GuardedLatency(pool),
      createPicker: (peers, random, previous) => threeChoices(peers, random, previous),
    };
  },

  /** As `p2cLatency`, by peaks of latency that fade to nothing: quicker to leave a peer after one slow answer. */
  p2cPeakEwma: (options: PeakEwmaOptions = {}): Policy => {
    const pool = new PeakEwmaPool(options);
    return {
      name: 'p2cPeakEwma',
      createLoad: () => new GuardedPeakEwma(pool),
      createPicker: (peers, random, previous) => new PowerOfTwoChoices(peers, random, previous),
    };
  },

  /** The fastest of those that are not busy, by their answers to probes. */
  prequal: (options: PrequalOptions): Policy => {
    const settings = prequalSettings(options);
    const pool = new ProbePool(settings.poolSize, settings.hotQuantile);
    return {
      name: 'prequal',
      createLoad: () => new TabledInFlight(),
      createPicker: (peers, random, previous) => new Prequal(peers, random, settings, pool, previous),
    };
  },

  /** The same peer for the same key; a change moves only the keys it must. */
  rendezvous: ({ placeOf = originOf }: HashOptions = {}): HashPolicy =>
    counting('rendezvous', (peers, random) => new Rendezvous(peers, random, placeOf)),

  /** The same peer for the same key; as even as can be, for any number of peers. */
  maglev: (options: MaglevOptions = {}): HashPolicy => {
    const { placeOf = originOf } = options;
    const size = maglevSize(options);
    return counting('maglev', (peers, random) => new Maglev(peers, random, placeOf, size));
  },

  /** The same peer for the same key, and the same that nginx, or memcached clients, choose. */
  ketama: (options: KetamaOptions = {}): HashPolicy => {
    const { placeOf = authorityOf } = options;
    const dialect = ringDialect(options);
    return counting('ketama', (peers, random) => new Ketama(peers, random, placeOf, dialect));
  },

  /** The same peer for the same key, for shards that come and go at the end only. */
  jump: ({ order = byAge }: JumpOptions = {}): HashPolicy =>
    counting('jump', (peers, random) => new Jump(peers, random, order)),

  /** As `hash`, but passes over a peer that holds more than its share of what is in flight. */
  boundedLoad: (hash: HashPolicy, options: BoundedLoadOptions = {}): HashPolicy => {
    const excess = loadExcess(options);
    return {
      name: `boundedLoad(${hash.name})`,
      createLoad: () => new CountedTogether(),
      createPicker: (peers, random): HashPicker => new BoundedLoad(hash.createPicker(peers, random), peers, excess),
    };
  },
} as const;
