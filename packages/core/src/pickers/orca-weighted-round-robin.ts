/**
 * A rotation by the weights that the peers' own load reports give them (see {@link ReportedWeight}).
 *
 * Weights are read once in a while, on the pick that finds them old; a peer without one to rely on counts as the mean of the others, and
 * while nobody has one, the declared weights count. O(1) a pick but for the one in a while that is O(n), O(n) an update.
 *
 * Loses where requests differ much in what they cost, where the bottleneck is not what the reports measure, and whenever things
 * change faster than reports come: it knows nothing of what is in flight.
 *
 * Source: gRFC A58, Envoy `client_side_weighted_round_robin`.
 */
import { ReportedWeight, type ReportedWeightOptions } from '../load/reported-weight.ts';
import { checkNumber } from '../options.ts';
import type { Peer } from '../peer.ts';
import type { PickContext, Picker, Random } from '../policy.ts';
import { weightShare } from './any-open.ts';
import { pickInTurn } from './static-stride.ts';
import { StrideSchedule } from './stride-schedule.ts';

/** Which load reports count, and for how much. */
export interface OrcaOptions extends ReportedWeightOptions {
  /** How old weights may get before a pick works them out anew, in milliseconds. Defaults to 1 000. */
  readonly updateMs?: number | undefined;
}

export function orcaUpdate({ updateMs = 1000 }: OrcaOptions): number {
  return checkNumber('updateMs', updateMs, { min: 0 });
}

export class OrcaWeightedRoundRobin implements Picker {
  readonly #peers: readonly Peer[];
  readonly #random: Random;
  readonly #updateMs: number;
  #updatedAt = -Infinity;
  /** Worked out at the first pick, whose time says which reports count; until then the one that it goes on from. */
  #schedule: StrideSchedule | undefined;

  constructor(peers: readonly Peer[], random: Random, updateMs: number, previous?: Picker) {
    this.#peers = peers;
    this.#random = random;
    this.#updateMs = updateMs;
    this.#schedule = previous instanceof OrcaWeightedRoundRobin ? previous.#schedule : undefined;
  }

  pick(context: PickContext): Peer | undefined {
    const isOld = context.now - this.#updatedAt >= this.#updateMs;
    const schedule = this.#schedule === undefined || isOld ? this.#update(context.now) : this.#schedule;
    return pickInTurn(schedule, this.#peers, this.#random, context);
  }

  #update(now: number): StrideSchedule {
    this.#updatedAt = now;
    this.#schedule = new StrideSchedule(effectiveWeights(this.#peers, now), this.#random, this.#schedule);
    return this.#schedule;
  }
}

function effectiveWeights(peers: readonly Peer[], now: number): number[] {
  const reported = peers.map(({ load }) => (load instanceof ReportedWeight ? load.weightAt(now) : undefined));
  const known = reported.filter((weight) => weight !== undefined);
  if (known.length === 0) return peers.map(weightShare);
  const mean = known.reduce((sum, weight) => sum + weight / known.length, 0);
  return peers.map((peer, index) => {
    // A report says what the declared weight can only guess, so it stands in its place; a ramp on the declared one still counts.
    const ramp = peer.weight / (peer.endpoint.weight || 1);
    return (reported[index] ?? mean) * ramp;
  });
}
