/**
 * What requests took of late that met about as many in flight as there are now: what a server answers to a Prequal probe.
 *
 * The median of the last nine in the nearest of a few classes of in-flight that have any: a class spans a quarter of a doubling,
 * so "about as many" is within a fifth (Wydrowski et al., NSDI 2024, §4: latency "at the current RIF"). O(1) a record, and a probe
 * looks at nine numbers; Prequal asks three times for each request.
 */
const kept = 9;
const classes = 64;

export class RecentLatencies {
  readonly #latencies = new Float64Array(classes * kept);
  readonly #counts = new Uint32Array(classes);
  readonly #sorted = new Float64Array(kept);

  record(metInFlight: number, latencyMs: number): void {
    const index = classOf(metInFlight);
    this.#latencies[index * kept + (this.#counts[index]! % kept)] = latencyMs;
    this.#counts[index]! += 1;
  }

  /** 0 while nothing has been answered: then what is in flight decides. */
  at(inFlight: number): number {
    const nearest = this.#nearest(classOf(inFlight));
    if (nearest < 0) return 0;
    const size = Math.min(this.#counts[nearest]!, kept);
    const sorted = this.#sorted;
    for (let taken = 0; taken < size; taken += 1) {
      const latency = this.#latencies[nearest * kept + taken]!;
      let place = taken;
      for (; place > 0 && sorted[place - 1]! > latency; place -= 1) sorted[place] = sorted[place - 1]!;
      sorted[place] = latency;
    }
    return sorted[size >> 1]!;
  }

  #nearest(index: number): number {
    for (let away = 0; away < classes; away += 1) {
      if (index - away >= 0 && this.#counts[index - away]! > 0) return index - away;
      if (index + away < classes && this.#counts[index + away]! > 0) return index + away;
    }
    return -1;
  }
}

function classOf(inFlight: number): number {
  return Math.min(classes - 1, Math.round(4 * Math.log2(inFlight + 1)));
}
