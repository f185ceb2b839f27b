/**
 * Uses the peers of the first level while they can carry the load, and spills to the next as they fail.
 *
 * A level counts as whole while `1 / overprovision` of it is available: by 1.4, 71 %, because a service is run with room to
 * spare. Below, the level keeps the part of the traffic that its health times 1.4 says, and the next one takes what is left.
 * When all levels together cannot carry everything, each takes its part of the whole:
 *
 *     health  = min(1, 1.4 × available / serving)          for each level
 *     load    = min(what is left, health / min(1, Σ health))
 *
 * It is assumed that a later level could stand in for an earlier one; ten peers backed by two are not helped by this.
 *
 * Source: Envoy, "Priority levels", in exact shares where Envoy counts whole percents.
 */
import type { Endpoint } from '../endpoint.ts';
import { InvalidOptionError } from '../errors.ts';
import { checkNumber } from '../options.ts';
import type { Peer } from '../peer.ts';
import { groupBy, type Preference, shareOut } from './preference.ts';

/** Which endpoints come first. */
export interface PrioritiesOptions {
  /** The level of an endpoint: 0 is used first, then 1, and so on; any numbers in the order of preference. */
  readonly levelOf: (endpoint: Endpoint) => number;
  /** How many times its load a level is built for. Defaults to 1.4, as in Envoy. At 1 the first failure already spills. */
  readonly overprovision?: number | undefined;
  /** What to prefer inside a level, such as {@link preferZone}. Defaults to nothing. */
  readonly within?: Preference | undefined;
}

/** @throws {InvalidOptionError} */
export function priorities(options: PrioritiesOptions): Preference {
  const { levelOf, within } = options;
  if (typeof levelOf !== 'function') throw new InvalidOptionError('levelOf', 'a function', levelOf);
  const overprovision = checkNumber('overprovision', options.overprovision ?? 1.4, { min: 1 });
  const levelOfPeer = (peer: Peer): number => levelOf(peer.endpoint);
  return (available, serving) => {
    const all = groupBy(serving, levelOfPeer);
    const some = groupBy(available, levelOfPeer);
    const levels = [...all.keys()].toSorted((a, b) => a - b);
    const health = levels.map((level) => (some.get(level)?.length ?? 0) / all.get(level)!.length);
    const loads = priorityLoads(health, overprovision);
    const loadOf = new Map(levels.map((level, index) => [level, loads[index]!]));
    return shareOut(
      available,
      levelOfPeer,
      (level) => loadOf.get(level) ?? 0,
      within && ((members) => within(members, all.get(levelOfPeer(members[0]!)) ?? [])),
    );
  };
}

/** What part of the traffic each level gets, the most preferred first, by the part of it that is available. */
export function priorityLoads(health: readonly number[], overprovision = 1.4): number[] {
  const effective = health.map((part) => Math.min(1, part * overprovision));
  const whole = Math.min(
    1,
    effective.reduce((sum, part) => sum + part, 0),
  );
  let left = 1;
  return effective.map((part) => {
    const load = whole > 0 ? Math.min(left, part / whole) : 0;
    left = Math.max(0, left - load);
    return load;
  });
}
