/**
 * How many answers took how long, in buckets that grow with the latency: 16 to each doubling, so that a quantile is off by 3 % at most.
 *
 * `perf_hooks.createHistogram()` would do the same, but takes 145 kB at its default precision (measured on Node 24): with two windows for
 * each of 1000 providers that is 0.3 GB. This takes 2 kB.
 */
const unitsPerMs = 100;
const perDoubling = 16;
/** Up to 2^31 hundredths of a millisecond, six hours. */
const size = bucketOf(2 ** 31 - 1) + 1;

export class Latencies {
  readonly #counts = new Uint32Array(size);
  #total = 0;
  /** The buckets in use are among these: latencies of one provider fill few of them. */
  #lowest = size;
  #highest = -1;

  /** O(1). */
  record(elapsedMs: number): void {
    const units = Math.min(2 ** 31 - 1, Math.max(0, Math.round(elapsedMs * unitsPerMs)));
    const bucket = bucketOf(units);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
    if (bucket < this.#lowest) this.#lowest = bucket;
    if (bucket > this.#highest) this.#highest = bucket;
  }

  reset(): void {
    if (this.#total === 0) return;
    this.#counts.fill(0);
    this.#total = 0;
    this.#lowest = size;
    this.#highest = -1;
  }

  /**
   * The latencies in milliseconds that these shares of all answers in `parts` stayed within, shares in ascending order; `null` where there
   * were no answers. O(buckets in use).
   */
  static quantiles(parts: readonly Latencies[], shares: readonly number[]): (number | null)[] {
    const total = parts.reduce((sum, part) => sum + part.#total, 0);
    if (total === 0) return shares.map(() => null);
    const found: number[] = [];
    let seen = 0;
    const lowest = Math.min(...parts.map((part) => part.#lowest));
    const highest = Math.max(...parts.map((part) => part.#highest));
    for (let bucket = lowest; bucket <= highest; bucket += 1) {
      for (const part of parts) seen += part.#counts[bucket] ?? 0;
      while (seen >= Math.max(1, (shares[found.length] ?? Infinity) * total)) found.push(middleOf(bucket) / unitsPerMs);
    }
    return found;
  }
}

/** Below 2 · `perDoubling` each number has its own bucket; from there on, the leading five bits count. */
function bucketOf(units: number): number {
  const shift = Math.max(0, 31 - Math.clz32(units) - Math.log2(perDoubling));
  return shift * perDoubling + (units >> shift);
}

function middleOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / perDoubling) - 1);
  const first = (bucket - shift * perDoubling) * 2 ** shift;
  return first + (2 ** shift - 1) / 2;
}
