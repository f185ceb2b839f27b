/** What a provider registered: where one run of one process can be reached, and what share it should get. Immutable. */
export interface Endpoint {
  /** Names one run of one process; a restart is a new id. Learned state is found by it, never by position or address. */
  readonly id: string;
  /** Scheme, host and port, such as `http://10.0.0.5:8080`. */
  readonly origin: string;
  /** Share of traffic to aim for, relative to the others. `undefined` means 1; 0 means no new traffic. */
  readonly weight?: number | undefined;
  /** Failure domain or location, such as `eu-west-1a`. */
  readonly zone?: string | undefined;
  /** Most requests this endpoint may hold at once, from one client. A wall, not a share. Defaults to none. */
  readonly maxConcurrency?: number | undefined;
  /** When the process began to serve, in milliseconds since the Unix epoch, by its own clock. */
  readonly startedAt?: number | undefined;
  /** `draining` finishes what it has and takes new work only when nobody else can. */
  readonly state: 'serving' | 'draining';
  /** What the provider says of itself beyond the fields above, such as its version. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Which of the fields above are an operator's wish and not the provider's: what the provider registered, and who has set what
   * stands in its place. For people to see; picks go by the fields above. Absent when nobody has set anything.
   */
  readonly overridden?: Overridden | undefined;
}

/** Fields of an endpoint that an operator has set from outside. */
export interface Overridden {
  readonly weight?: Replaced<number | undefined> | undefined;
  readonly state?: Replaced<Endpoint['state']> | undefined;
  readonly maxConcurrency?: Replaced<number | undefined> | undefined;
}

/** A field that an operator has set, and what stood there before. */
export interface Replaced<T> {
  /** What the provider registered. */
  readonly registered: T;
  /** Who has set what stands there now. */
  readonly by: string;
  /** When, in milliseconds since the Unix epoch, by the clock of whoever did. */
  readonly at: number;
}

/** The full set of endpoints, and the registry revision it is true at. Never a delta: a missed event cannot leave a ghost. */
export interface Snapshot {
  /** Goes up with each change; lower than before means that the registry was wiped or restored, and is another one now. */
  readonly revision: number;
  readonly endpoints: readonly Endpoint[];
  /**
   * Nobody vouches for it: it was true once, and the registry has not been reached since. A place to start from that is better than
   * none, to be tried with care.
   */
  readonly unconfirmed?: true | undefined;
}

/** Where snapshots come from: a registry, a file, a test. The newest one counts; older ones may be skipped. */
export type Discovery = AsyncIterable<Snapshot>;
