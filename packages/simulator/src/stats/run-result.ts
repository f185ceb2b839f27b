/** What one run of one contender showed. Plain data: the same model, contender and seed give the same, to the byte. */
export interface RunResult {
  readonly contender: string;
  readonly seed: number;
  /** That arrived after the warm-up; each one is counted once below. */
  readonly requests: number;
  readonly succeeded: number;
  readonly failures: FailureCounts;
  /** Still under way when the run was given up; their age counts as their latency. */
  readonly unfinished: number;
  readonly retries: number;
  readonly hedges: number;
  /** Attempts that a server refused for being full. More than failed requests when there are retries. */
  readonly refusals: number;
  /** Successes that came between the warm-up and the end of the load. */
  readonly successesPerSecond: number;
  /** Of successful requests, from arrival to answer, with all waiting and all attempts. */
  readonly latency: LatencyResult;
  readonly servers: readonly ServerResult[];
  /** Over time, warm-up included; empty unless asked for. */
  readonly samples: readonly Sample[];
}

/** Requests that failed, by how their last attempt did; `notSent` had none, as no peer could take it. */
export interface FailureCounts {
  readonly overload: number;
  readonly status: number;
  readonly connect: number;
  readonly reset: number;
  readonly timeout: number;
  readonly notSent: number;
}

/** Latencies of requests that succeeded. */
export interface LatencyResult {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Attempts that one server got, between the warm-up and the end of the load. */
export interface ServerResult {
  readonly id: string;
  readonly sent: number;
  /** Of all attempts sent. */
  readonly share: number;
  readonly succeeded: number;
  readonly refused: number;
  readonly failed: number;
  readonly peakInFlight: number;
  readonly meanInFlight: number;
}

/** One point of the series. */
export interface Sample {
  readonly untilMs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly servers: readonly { readonly sent: number; readonly refused: number; readonly inFlight: number }[];
}
