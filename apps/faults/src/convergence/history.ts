/** Everything that happened in a run: what a checker needs to judge it, and a person to understand what the checker found. */

/** What etcd says of one revision: all keys that changed in it. An endpoint is its id and its weight, which no two writes share. */
export interface Change {
  readonly revision: number;
  /** `undefined` for a key that was deleted. */
  readonly writes: readonly (readonly [id: string, weight: number | undefined])[];
}

/** A store that is wiped is another world, with revisions of its own. */
export interface World {
  readonly changes: Change[];
  /** When it was wiped, on the clock of `Published.at`: its last changes may have been seen by views and not by the audit. */
  endedAt?: number;
}

/** A snapshot as a view published it: ids with their weights. */
export interface Published {
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly revision: number;
  readonly endpoints: ReadonlyMap<string, number>;
}

export interface ViewHistory {
  readonly name: string;
  readonly published: Published[];
}

export interface FaultRecord {
  readonly at: number;
  readonly name: string;
  readonly healedAt: number;
  /** Successful writes a second before it. */
  readonly writesPerSecond: number;
  /** How long until all views had what etcd held when it healed, in milliseconds; `undefined` when they never had. */
  readonly caughtUpMs: number | undefined;
}

export interface RunHistory {
  readonly worlds: readonly World[];
  readonly views: readonly ViewHistory[];
  readonly faults: readonly FaultRecord[];
  /** Times that a view said that it had lost its stream. */
  readonly disconnects: number;
}
