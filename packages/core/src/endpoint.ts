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
}

/** The full set of endpoints, and the registry revision it is true at. Never a delta: a missed event cannot leave a ghost. */
export interface Snapshot {
  readonly revision: number;
  readonly endpoints: readonly Endpoint[];
}

/** Where snapshots come from: a registry, a file, a test. The newest one counts; older ones may be skipped. */
export type Discovery = AsyncIterable<Snapshot>;
