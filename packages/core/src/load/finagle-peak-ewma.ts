/**
 * Latency times what is in flight, as Finagle measures it: an average that jumps to every peak at once and forgets it slowly, so
 * that a peer is avoided from its first slow answer on.
 *
 * On an answer after x, with Δt since the last: L = max(x, L·e^(-Δt/τ) + x·(1 - e^(-Δt/τ))); a read decays L toward 0, so that
 * a peer left alone is tried again. A peer that never answered gets one request and no second until it has.
 *
 * Source: twitter/finagle, `PeakEwma.scala`. It counts any end as an answer. Loses, therefore, where failing is faster than serving
 * (the worst peer looks best), and where a peer hangs; what `GuardedPeakEwma` adds is for these.
 */
import { checkNumber } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { Decay } from './decay.ts';
import { type LoadTable, TabledLoad } from './load-table.ts';

/** How fast the past is forgotten. */
export interface FinaglePeakEwmaOptions {
  /** After this many milliseconds about a third of a peak is left. Defaults to 10 000, as in Finagle. */
  readonly decayMs?: number | undefined;
}

/** Finagle's: more than any latency, so that whoever never answered comes last while it is being tried. */
const untried = 2 ** 47;

export function finagleDecay({ decayMs = 10_000 }: FinaglePeakEwmaOptions): Decay {
  return new Decay(checkNumber('decayMs', decayMs, { above: 0 }));
}

/** Doubles of a row, counted in integers from its start. */
const latencyColumn = 2;
const heardColumn = 4;

export class FinaglePeakEwma extends TabledLoad {
  readonly shared: Decay;

  constructor(decay: Decay, now: number) {
    super();
    this.shared = decay;
    this.#set(0, now);
  }

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    super.end(elapsedMs, outcome, now);
    const { doubles } = this.table;
    const kept = this.shared.left(now - doubles[(this.at + heardColumn) >> 1]!);
    const latency = doubles[(this.at + latencyColumn) >> 1]!;
    this.#set(Math.max(elapsedMs, latency * kept + elapsedMs * (1 - kept)), now);
  }

  override rankIn({ ints, doubles }: LoadTable, at: number, now: number, weight: number): number {
    const inFlight = ints[at]!;
    const left = this.shared.left(now - doubles[(at + heardColumn) >> 1]!);
    const latency = doubles[(at + latencyColumn) >> 1]! * left;
    if (latency === 0 && inFlight > 0) return untried + inFlight;
    return latency * (inFlight / weight + 1);
  }

  #set(latency: number, now: number): void {
    this.table.doubles[(this.at + latencyColumn) >> 1] = latency;
    this.table.doubles[(this.at + heardColumn) >> 1] = now;
  }
}
