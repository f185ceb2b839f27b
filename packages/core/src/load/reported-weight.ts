/**
 * The weight that a peer's own load reports give it: what it serves for what it uses, which is what it could serve at full use.
 *
 * weight = requests per second / (utilization + errors per second / requests per second · penalty). No report counts before reports
 * have come for a while, since the first ones tell of a process that is still warming up; and none counts for long after the last.
 *
 * Source: gRFC A58, with its defaults.
 */
import { checkNumber } from '../options.ts';
import type { LoadReport } from '../policy.ts';
import { InFlight } from './in-flight.ts';

export interface ReportedWeightOptions {
  /** Reports count only after they have come for this long, in milliseconds. Defaults to 10 000. */
  readonly blackoutMs?: number | undefined;
  /** A report counts no longer than this, in milliseconds. Defaults to 180 000. */
  readonly expiryMs?: number | undefined;
  /** What an error rate of 1 adds to the utilization. Defaults to 1. */
  readonly errorPenalty?: number | undefined;
}

/** The constants of the loads of one pool. */
export class ReportedWeightSettings {
  readonly blackoutMs: number;
  readonly expiryMs: number;
  readonly errorPenalty: number;

  constructor({ blackoutMs = 10_000, expiryMs = 180_000, errorPenalty = 1 }: ReportedWeightOptions = {}) {
    this.blackoutMs = checkNumber('blackoutMs', blackoutMs, { min: 0 });
    this.expiryMs = checkNumber('expiryMs', expiryMs, { above: 0 });
    this.errorPenalty = checkNumber('errorPenalty', errorPenalty, { min: 0 });
  }
}

export class ReportedWeight extends InFlight {
  readonly #settings: ReportedWeightSettings;
  #weight = 0;
  #reportedAt = -Infinity;
  /** When the reports began that have come without a gap. */
  #since = Infinity;

  constructor(settings: ReportedWeightSettings) {
    super();
    this.#settings = settings;
  }

  report(report: LoadReport, now: number): void {
    const weight = weigh(report, this.#settings.errorPenalty);
    // What a peer says of itself comes over the network. A report of no traffic or no use says nothing of what it could serve.
    if (!Number.isFinite(weight) || weight <= 0) return;
    if (now - this.#reportedAt >= this.#settings.expiryMs) this.#since = now;
    this.#weight = weight;
    this.#reportedAt = now;
  }

  /** The weight as reported, or `undefined` while there is none to rely on. */
  weightAt(now: number): number | undefined {
    if (now - this.#reportedAt >= this.#settings.expiryMs) return undefined;
    return now - this.#since < this.#settings.blackoutMs ? undefined : this.#weight;
  }
}

function weigh({ requestsPerSecond, errorsPerSecond = 0, utilization }: LoadReport, errorPenalty: number): number {
  if (!(utilization > 0)) return 0;
  return requestsPerSecond / (utilization + (errorsPerSecond / requestsPerSecond) * errorPenalty);
}
