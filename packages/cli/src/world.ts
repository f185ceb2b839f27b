/** Where text goes: a stream of the process, or what a test reads. */
export interface Sink {
  /** Writes as it is. */
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** All that a command knows of the process that it runs in. */
export interface World {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user wants to stop. */
  readonly signal: AbortSignal;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** How long a shell waits for words from etcd, in milliseconds: what comes later finds the user typing on. Defaults to 1 000. */
  readonly completionMs?: number;
}
