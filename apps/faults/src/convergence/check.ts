/**
 * Judges a run, in the manner of etcd's robustness tests: what each view published is held against a replay of all that etcd did.
 *
 * A view publishes states, not events, so etcd's guarantees for a watch read as follows. Ordered: revisions never go back within a
 * world. Unique: one revision is one state. Atomic: what one transaction wrote is there together. Reliable: each state is the replayed
 * one at its revision, so nothing before it was missed. Resumable: after a fault a view comes to all that etcd held when it ended.
 */
import type { Change, Published, RunHistory, ViewHistory, World } from './history.ts';

type Property = 'ordered' | 'unique' | 'atomic' | 'reliable' | 'resumable' | 'equal';

export interface Violation {
  readonly property: Property;
  readonly view: string;
  readonly what: string;
}

/** A run that could not have failed proves nothing. */
export const leastWritesPerSecond = 100;
export const catchUpMs = 5000;

/** Why the run says nothing; `undefined` when it does. */
export function vacuous({ faults, disconnects, views }: RunHistory, leastRate: number): string | undefined {
  if (faults.length === 0) return 'there was no fault';
  if (disconnects === 0) return 'no view was ever disconnected';
  const mean = faults.reduce((sum, { writesPerSecond }) => sum + writesPerSecond, 0) / faults.length;
  if (mean < leastRate)
    return `only ${mean.toFixed(0)} writes a second before faults, where ${leastRate} are asked for`;
  const silent = views.find(({ published }) => published.length === 0);
  return silent === undefined ? undefined : `${silent.name} never published anything`;
}

export function check({ worlds, views, faults }: RunHistory, boundMs: number): Violation[] {
  const replays = worlds.map((world) => new Replay(world));
  const late = faults
    .filter(({ caughtUpMs = Infinity }) => caughtUpMs > boundMs)
    .map(({ name, at, caughtUpMs }) => ({
      property: 'resumable' as const,
      view: 'some',
      what: `after "${name}" at ${at.toFixed(0)} ms: ${caughtUpMs === undefined ? 'never' : `only ${caughtUpMs.toFixed(0)} ms after its end`} at what etcd held then`,
    }));
  return [
    ...views.flatMap((view) => checkView(view, replays)),
    ...late,
    ...views.flatMap((view) => checkEnd(view, replays)),
  ];
}

function checkView({ name, published }: ViewHistory, replays: readonly Replay[]): Violation[] {
  const violations: Violation[] = [];
  const report = (property: Property, what: string): void => void violations.push({ property, view: name, what });
  let world = 0;
  let last: Published | undefined;
  for (const snapshot of published) {
    const { revision } = snapshot;
    if (last !== undefined && last.revision === revision && !isSame(last.endpoints, snapshot.endpoints)) {
      const elsewhere = replays.findIndex((replay, index) => index > world && replay.isTrue(snapshot));
      if (elsewhere === -1)
        report('unique', `revision ${revision} is two states: ${difference(last.endpoints, snapshot.endpoints)}`);
    }
    const found = replays.findIndex((replay, index) => index >= world && replay.isTrue(snapshot));
    if (found === -1 && replays[world]?.isUnknown(snapshot) === true) {
      // The store was wiped a moment later, and the audit did not live to see this change.
    } else if (found === -1) {
      const there = replays[world]?.at(revision) ?? new Map<string, number>();
      const torn = tornPair(snapshot.endpoints);
      if (torn !== undefined) report('atomic', `at revision ${revision}, ${torn}`);
      else report('reliable', `at revision ${revision}: ${difference(there, snapshot.endpoints)}`);
    } else if (found === world && last !== undefined && revision < last.revision) {
      report('ordered', `revision ${revision} after ${last.revision}`);
    }
    if (found > world) world = found;
    last = snapshot;
  }
  return violations;
}

function checkEnd({ name, published }: ViewHistory, replays: readonly Replay[]): Violation[] {
  const [end, last] = [replays.at(-1)?.at(Infinity), published.at(-1)];
  if (end === undefined || (last !== undefined && isSame(end, last.endpoints))) return [];
  return [{ property: 'equal', view: name, what: `at the end: ${difference(end, last?.endpoints ?? new Map())}` }];
}

/** Pairs are written together with weights that differ by one half; nothing else has a half. */
function tornPair(endpoints: ReadonlyMap<string, number>): string | undefined {
  for (const [id, weight] of endpoints) {
    const partner = partnerOf(id);
    if (weight % 1 === 0.5 && partner !== undefined && endpoints.get(partner) !== weight - 0.5) {
      const other = endpoints.get(partner);
      // The partner may have been written or deleted since, but never before.
      if (other !== undefined && other < weight - 0.5) return `${id} is there and what was written with it is not`;
    }
  }
  return undefined;
}

/** The one that is written together with an id, where there is one. */
function partnerOf(id: string): string | undefined {
  return id.endsWith('b') ? `${id.slice(0, -1)}a` : undefined;
}

/** All states of one world, by revision. */
class Replay {
  readonly #endedAt: number;
  readonly #last: number;
  readonly #changes: readonly Change[];
  readonly #states = new Map<number, ReadonlyMap<string, number>>();
  #revisions: number[] = [];

  constructor({ changes, endedAt = -Infinity }: World) {
    this.#changes = changes;
    this.#endedAt = endedAt;
    this.#last = changes.at(-1)?.revision ?? 0;
    let state: ReadonlyMap<string, number> = new Map();
    for (const { revision, writes } of this.#changes) {
      const next = new Map(state);
      for (const [id, weight] of writes) {
        if (weight === undefined) next.delete(id);
        else next.set(id, weight);
      }
      this.#states.set(revision, next);
      this.#revisions.push(revision);
      state = next;
    }
  }

  /** What stood there at a revision. O(log changes). */
  at(revision: number): ReadonlyMap<string, number> {
    let [low, high] = [0, this.#revisions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#revisions[middle] ?? Infinity) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#states.get(this.#revisions[low - 1] ?? NaN) ?? new Map();
  }

  /** Whether it is of a world that had ended by then, and newer than anything that is known of it. */
  isUnknown({ at, revision }: Published): boolean {
    return revision > this.#last && at <= this.#endedAt;
  }

  isTrue({ revision, endpoints }: Published): boolean {
    return isSame(this.at(revision), endpoints);
  }
}

function isSame(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  if (one.size !== other.size) return false;
  for (const [id, weight] of one) if (other.get(id) !== weight) return false;
  return true;
}

function difference(wanted: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): string {
  const missing = [...wanted].filter(([id]) => !seen.has(id)).map(([id]) => `no ${id}`);
  const ghosts = [...seen].filter(([id]) => !wanted.has(id)).map(([id]) => `${id} too many`);
  const other = [...seen]
    .filter(([id, weight]) => wanted.has(id) && wanted.get(id) !== weight)
    .map(([id, weight]) => `${id} is ${weight}, not ${wanted.get(id)}`);
  const all = [...missing, ...ghosts, ...other];
  return `${all.slice(0, 5).join(', ')}${all.length > 5 ? `, and ${all.length - 5} more` : ''}`;
}
