/**
 * What an observer at the store would have seen: every state that the keys of a service were in, by revision, and by world: a store
 * that is wiped or restored is another world, with revisions of its own.
 */
import type { Endpoint, Snapshot } from '@lb/core';

/** What a key holds, and which endpoint that is; `undefined` when it may not be used. */
export interface Value {
  readonly text: string;
  readonly endpoint: Pick<Endpoint, 'origin' | 'weight' | 'state'> | undefined;
}

interface Stored {
  readonly value: Value;
  readonly created: number;
}

export type State = ReadonlyMap<string, Stored>;

interface Moment {
  readonly world: number;
  readonly revision: number;
  readonly state: State;
}

export class Truth {
  readonly #history: Moment[] = [{ world: 0, revision: 1, state: new Map() }];
  readonly #good = new Map<string, Set<Value>>();

  get world(): number {
    return this.#last.world;
  }

  get revision(): number {
    return this.#last.revision;
  }

  get state(): State {
    return this.#last.state;
  }

  put(id: string, value: Value, revision: number): void {
    const created = this.state.get(id)?.created ?? revision;
    this.#push(revision, new Map(this.state).set(id, { value, created }));
    if (value.endpoint === undefined) return;
    const good = this.#good.get(id) ?? new Set();
    this.#good.set(id, good.add(value));
  }

  remove(id: string, revision: number): void {
    const state = new Map(this.state);
    state.delete(id);
    this.#push(revision, state);
  }

  /** The store has lost everything. */
  wipe(): void {
    this.#history.push({ world: this.world + 1, revision: 1, state: new Map() });
  }

  /** The store is back at an earlier revision, with all that it knew by then. */
  rewind(revision: number): void {
    const { world } = this;
    const { state } = this.#at(world, revision);
    const known = this.#history.filter((moment) => moment.world === world && moment.revision < revision);
    for (const moment of [...known, { revision, state }]) this.#history.push({ ...moment, world: world + 1 });
  }

  /** The worlds in which `snapshot` was true at its revision. */
  worldsOf(snapshot: Snapshot): number[] {
    const worlds: number[] = [];
    for (let world = 0; world <= this.world; world += 1) {
      if (this.#differs(snapshot, this.#at(world, snapshot.revision).state) === undefined) worlds.push(world);
    }
    return worlds;
  }

  /** How `snapshot` differs from what was there at its revision, in this world. */
  differsThen(snapshot: Snapshot): string | undefined {
    return this.#differs(snapshot, this.#at(this.world, snapshot.revision).state);
  }

  /** How `snapshot` differs from what is there now. */
  differsNow(snapshot: Snapshot): string | undefined {
    return this.#differs(snapshot, this.state);
  }

  get #last(): Moment {
    return this.#history.at(-1)!;
  }

  #push(revision: number, state: State): void {
    this.#history.push({ world: this.world, revision, state });
  }

  /** The last moment of a world up to a revision; a world's first when there is none. */
  #at(world: number, revision: number): Moment {
    let found: Moment | undefined;
    for (const moment of this.#history) {
      if (moment.world === world && (found === undefined || moment.revision <= revision)) found = moment;
    }
    return found!;
  }

  /** A key that holds something bad may stand for whatever good it ever held, or for nothing: that depends on who saw what. */
  #differs({ endpoints }: Snapshot, state: State): string | undefined {
    const listed = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    if (listed.size < endpoints.length) return 'an id is there twice';
    const origins = new Set(endpoints.map(({ origin }) => origin));
    if (origins.size < endpoints.length) return 'an address is there twice';
    for (const [id, endpoint] of listed) {
      const stored = state.get(id);
      if (stored === undefined) return `${id} is there and should not be`;
      const allowed = stored.value.endpoint === undefined ? [...(this.#good.get(id) ?? [])] : [stored.value];
      if (!allowed.some((value) => isSame(endpoint, value))) return `${id} is not as it was registered`;
    }
    for (const [id, { value, created }] of state) {
      if (value.endpoint === undefined || listed.has(id)) continue;
      const { origin } = value.endpoint;
      const shadow = endpoints.find((other) => other.origin === origin);
      const since = shadow === undefined ? -1 : (state.get(shadow.id)?.created ?? -1);
      // Only a newer claim to its address explains it; a bad value there may have kept an earlier address.
      if (shadow === undefined && !this.#mayBeShadowed(origin, created, state)) return `${id} is missing`;
      if (shadow !== undefined && since < created) return `${id} is missing, and ${shadow.id} is older`;
    }
    return undefined;
  }

  /** Whether a newer key with a bad value may stand for an endpoint that is itself shadowed by another. */
  #mayBeShadowed(origin: string, created: number, state: State): boolean {
    for (const [id, stored] of state) {
      if (stored.created < created || stored.value.endpoint !== undefined) continue;
      for (const value of this.#good.get(id) ?? []) if (value.endpoint?.origin === origin) return true;
    }
    return false;
  }
}

/** As it was registered: what an operator has set is put back. */
function isSame(endpoint: Endpoint, { endpoint: registered }: Value): boolean {
  if (registered === undefined) return false;
  const { overridden } = endpoint;
  const weight = overridden?.weight === undefined ? endpoint.weight : overridden.weight.registered;
  const state = overridden?.state === undefined ? endpoint.state : overridden.state.registered;
  return endpoint.origin === registered.origin && weight === registered.weight && state === registered.state;
}
