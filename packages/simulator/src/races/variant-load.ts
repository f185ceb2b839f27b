/**
 * The cost of the default policy with each of its parts open to change, so that ablations can show what each is worth. With no options
 * it costs about what `p2cPeakEwma` costs, which keeps whole numbers and fades by a polynomial.
 */
import { InFlight, type Outcome } from '@lb/core';

export interface Variant {
  readonly decayMs?: number;
  /** Whether a peak stands at once; else it is averaged in like any other answer. */
  readonly peak?: boolean;
  /** What an average of a peer that does not answer fades to, in `fadeMs`. */
  readonly fade?: 'zero' | 'typical' | 'none';
  readonly fadeMs?: number;
  /** Power of the latency in the cost. */
  readonly power?: number;
  /** Typical answers that a failure counts as; 0 lets a failure pass for an answer. */
  readonly failureCost?: number;
  /** Whether silence counts while requests are in flight. */
  readonly silence?: boolean;
  /** What a peer is taken for that has not answered: typical of the pool, or a time. */
  readonly seedMs?: number | 'typical';
  /** Latencies count in steps of this. */
  readonly quantumMs?: number;
}

export class SharedLatency {
  typicalMs = 0;

  observe(ms: number): void {
    if (this.typicalMs === 0) this.typicalMs = ms;
    else this.typicalMs *= ms > this.typicalMs ? 1.05 : 1 / 1.05;
  }
}

export class VariantLoad extends InFlight {
  readonly #variant: Required<Variant>;
  readonly #pool: SharedLatency;
  #latency = -1;
  #at = 0;
  #silentSince = 0;

  constructor(variant: Variant, pool: SharedLatency) {
    super();
    this.#pool = pool;
    this.#variant = {
      decayMs: 1000,
      peak: true,
      fade: 'zero',
      fadeMs: variant.decayMs ?? 1000,
      power: 1,
      failureCost: 100,
      silence: true,
      seedMs: 'typical',
      quantumMs: 0,
      ...variant,
    };
  }

  override begin(now: number): void {
    if (this.inFlight === 0) this.#silentSince = now;
    super.begin(now);
  }

  override end(elapsedMs: number, outcome: Outcome, now: number): void {
    super.end(elapsedMs, outcome, now);
    this.#silentSince = now;
    const { peak, failureCost } = this.#variant;
    if (outcome.kind === 'success') this.#pool.observe(elapsedMs);
    if (outcome.kind === 'ignored') return;
    const sample =
      outcome.kind === 'failure' && failureCost > 0
        ? Math.max(this.#latencyAt(now), failureCost * Math.max(1, this.#pool.typicalMs))
        : elapsedMs;
    const kept = this.#latency < 0 ? 0 : Math.exp(-(now - this.#at) / this.#variant.decayMs);
    const mean = this.#latency * kept + sample * (1 - kept);
    this.#latency = peak ? Math.max(elapsedMs, mean) : mean;
    this.#at = now;
  }

  override cost(now: number, weight: number): number {
    const { silence, power, quantumMs } = this.#variant;
    let latency = this.#latencyAt(now);
    if (silence && this.inFlight > 0) latency = Math.max(latency, now - this.#silentSince);
    if (quantumMs > 0) latency = Math.ceil(latency / quantumMs) * quantumMs;
    return Math.max(1, latency) ** power * (this.inFlight / weight + 1);
  }

  #latencyAt(now: number): number {
    const { seedMs, fade, fadeMs } = this.#variant;
    if (this.#latency < 0) return seedMs === 'typical' ? Math.max(1, this.#pool.typicalMs) : seedMs;
    if (fade === 'none') return this.#latency;
    const rest = fade === 'zero' ? 0 : this.#pool.typicalMs;
    return rest + (this.#latency - rest) * Math.exp(-(now - this.#at) / fadeMs);
  }
}
