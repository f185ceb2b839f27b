/**
 * What requests took of late, by how many others were held when they came: the latency estimate of Prequal (Wydrowski et al., "Load
 * is not what you should balance", NSDI 2024, §4).
 *
 * A mean over all requests says how the last burst went. What a balancer asks is how long one more would take now, and the best
 * witnesses are those that came when as much was held as now: the median of the latest of them, taken from as near as there are any.
 *
 * O(1) a record. A reading looks at the nearest buckets until it has enough, at most at all 150.
 */

/** Latest samples kept in each bucket, and how many make a median worth having. */
const kept = 16;
const enough = 5;
/** Older ones are about another time: a provider that was slow once would report it until somebody dares to send to it again. */
const maxAgeMs = 10_000;

interface Bucket {
  readonly samples: { readonly latencyMs: number; readonly at: number }[];
  next: number;
}

export class LatencyByInFlight {
  readonly #buckets: (Bucket | undefined)[] = [];

  /** A request that came with `inFlight` others here took `latencyMs` and ended at `now`. */
  record(inFlight: number, latencyMs: number, now: number): void {
    const index = bucketOf(inFlight);
    const bucket = (this.#buckets[index] ??= { samples: [], next: 0 });
    bucket.samples[bucket.next] = { latencyMs, at: now };
    bucket.next = (bucket.next + 1) % kept;
  }

  /** The median at about `inFlight`; 0 while nothing is known, which attracts the request that will tell. */
  estimate(inFlight: number, now: number): number {
    const found: number[] = [];
    const middle = bucketOf(inFlight);
    for (let distance = 0; found.length < enough && distance <= Math.max(middle, this.#buckets.length); distance += 1) {
      this.#collect(middle - distance, now, found);
      if (distance > 0) this.#collect(middle + distance, now, found);
    }
    found.sort((a, b) => a - b);
    return found[Math.floor(found.length / 2)] ?? 0;
  }

  #collect(index: number, now: number, found: number[]): void {
    const bucket = this.#buckets[index];
    if (bucket === undefined) return;
    for (const { latencyMs, at } of bucket.samples) if (at > now - maxAgeMs) found.push(latencyMs);
  }
}

/** One bucket each below 16, then eight to each doubling: within a tenth of each other. */
function bucketOf(inFlight: number): number {
  const held = Math.min(Math.max(0, inFlight), 2 ** 20);
  return held < 16 ? held : 16 + Math.floor(8 * Math.log2(held / 16));
}
