/** Relative size of one step: an estimate that is off by a factor of two is right again after 14 answers. */
const step = 1.05;

/**
 * The median of what answers take, over all peers of a pool, in one number: each answer moves it a step up or down, so it settles
 * where as many lie above as below. It is what a peer is taken for before it has answered, and the unit a failure is counted in.
 *
 * A mean would follow one slow answer in a hundred; a true median would need the last answers kept and sorted. Source: Ma,
 * Muthukrishnan and Sandler, "Frugal Streaming for Estimating Quantiles", 2013, with relative steps since latencies have no scale.
 */
export class TypicalLatency {
  #ms = 0;

  /** 0 until the first answer. */
  get ms(): number {
    return this.#ms;
  }

  observe(latencyMs: number): void {
    if (this.#ms === 0) this.#ms = latencyMs;
    else this.#ms *= latencyMs > this.#ms ? step : 1 / step;
  }
}
