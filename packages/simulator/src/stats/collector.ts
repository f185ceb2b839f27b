/** Counts what a run shows: after the warm-up, and, when asked, over time. */
import { ended, type Ended } from '../engine/jobs.ts';
import type { Server } from '../engine/server.ts';
import { Histogram } from './histogram.ts';
import type { FailureCounts, RunResult, Sample, ServerResult } from './run-result.ts';

/** How a request ended that no server has failed: nobody could take it, or too many were waiting. */
export const notSent = 6;
export type RequestEnd = Ended | typeof notSent;

export class Collector {
  readonly #from: number;
  readonly #until: number;
  readonly #latency = new Histogram();
  readonly #failures = new Float64Array(7);
  readonly #sent: Float64Array;
  readonly #endedBy: readonly Float64Array[];
  #started = 0;
  #succeeded = 0;
  #completedInTime = 0;
  #unfinished = 0;
  #retries = 0;
  #hedges = 0;

  readonly #sampleMs: number;
  readonly #window = new Histogram();
  readonly #samples: Sample[] = [];
  #sampleSent: Float64Array;
  #sampleFailures = 0;
  #sampleRefusals: Float64Array;
  readonly #sampleInFlight: Float64Array;
  readonly #baseInFlight: Float64Array;

  /** `sampleMs` is how long each point of the series lasts; Infinity for none. */
  constructor(servers: number, fromMs: number, untilMs: number, sampleMs: number) {
    this.#from = fromMs;
    this.#until = untilMs;
    this.#sent = new Float64Array(servers);
    this.#endedBy = Array.from({ length: 6 }, () => new Float64Array(servers));
    this.#sampleMs = sampleMs;
    this.#sampleSent = new Float64Array(servers);
    this.#sampleRefusals = new Float64Array(servers);
    this.#sampleInFlight = new Float64Array(servers);
    this.#baseInFlight = new Float64Array(servers);
  }

  sent(server: number, now: number): void {
    this.#sampleSent[server]! += 1;
    if (now >= this.#from && now < this.#until) this.#sent[server]! += 1;
  }

  attemptEnded(server: number, end: Ended, now: number): void {
    if (end === ended.overload) this.#sampleRefusals[server]! += 1;
    if (now >= this.#from && now < this.#until) this.#endedBy[end]![server]! += 1;
  }

  retried(now: number): void {
    if (now >= this.#from) this.#retries += 1;
  }

  hedged(now: number): void {
    if (now >= this.#from) this.#hedges += 1;
  }

  requestEnded(arrivedAt: number, end: RequestEnd, now: number): void {
    const elapsed = now - arrivedAt;
    if (end === ended.success) this.#window.record(elapsed);
    else this.#sampleFailures += 1;
    if (end === ended.success && now >= this.#from && now < this.#until) this.#completedInTime += 1;
    if (arrivedAt < this.#from) return;
    this.#started += 1;
    if (end === ended.success) {
      this.#succeeded += 1;
      this.#latency.record(elapsed);
    } else {
      this.#failures[end]! += 1;
    }
  }

  /** A request that is still under way when the run is over: it took at least this long. */
  unfinished(arrivedAt: number, now: number): void {
    if (arrivedAt < this.#from) return;
    this.#started += 1;
    this.#unfinished += 1;
    this.#latency.record(now - arrivedAt);
  }

  /** Takes the integrals as of the end of the warm-up, from which means are counted. */
  begin(servers: readonly Server[]): void {
    for (const server of servers) {
      this.#baseInFlight[server.index] = server.inFlightTime(this.#from);
      server.peakInFlight = server.inFlight;
    }
  }

  sample(servers: readonly Server[], now: number): void {
    this.#samples.push({
      untilMs: now,
      succeeded: this.#window.count,
      failed: this.#sampleFailures,
      p50Ms: this.#window.quantile(0.5),
      p99Ms: this.#window.quantile(0.99),
      servers: servers.map((server, index) => {
        const total = server.inFlightTime(now);
        const inFlight = (total - this.#sampleInFlight[index]!) / this.#sampleMs;
        this.#sampleInFlight[index] = total;
        return { sent: this.#sampleSent[index]!, refused: this.#sampleRefusals[index]!, inFlight };
      }),
    });
    this.#window.reset();
    this.#sampleFailures = 0;
    this.#sampleSent.fill(0);
    this.#sampleRefusals.fill(0);
  }

  result(contender: string, seed: number, servers: readonly Server[], inFlightTimes: Float64Array): RunResult {
    const spanMs = this.#until - this.#from;
    const sent = this.#sent.reduce((sum, count) => sum + count, 0);
    return {
      contender,
      seed,
      requests: this.#started,
      succeeded: this.#succeeded,
      failures: this.#failureCounts(),
      unfinished: this.#unfinished,
      retries: this.#retries,
      hedges: this.#hedges,
      refusals: this.#endedBy[ended.overload]!.reduce((sum, count) => sum + count, 0),
      successesPerSecond: (this.#completedInTime / spanMs) * 1000,
      latency: {
        meanMs: this.#latency.mean,
        p50Ms: this.#latency.quantile(0.5),
        p90Ms: this.#latency.quantile(0.9),
        p99Ms: this.#latency.quantile(0.99),
        p999Ms: this.#latency.quantile(0.999),
        maxMs: this.#latency.max,
      },
      servers: servers.map(({ id, index, peakInFlight }): ServerResult => ({
        id,
        sent: this.#sent[index]!,
        share: sent === 0 ? 0 : this.#sent[index]! / sent,
        succeeded: this.#endedBy[ended.success]![index]!,
        refused: this.#endedBy[ended.overload]![index]!,
        failed: [ended.status, ended.connect, ended.reset, ended.timeout].reduce(
          (sum, end) => sum + this.#endedBy[end]![index]!,
          0,
        ),
        peakInFlight,
        meanInFlight: (inFlightTimes[index]! - this.#baseInFlight[index]!) / spanMs,
      })),
      samples: this.#samples,
    };
  }

  #failureCounts(): FailureCounts {
    const counts = this.#failures;
    return {
      overload: counts[ended.overload]!,
      status: counts[ended.status]!,
      connect: counts[ended.connect]!,
      reset: counts[ended.reset]!,
      timeout: counts[ended.timeout]!,
      notSent: counts[notSent]!,
    };
  }
}
