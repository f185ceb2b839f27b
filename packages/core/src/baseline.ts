/**
 * The largest size of a set over the last while, less what left it for a known reason: what the set should be compared with.
 *
 * A pool that shrinks from eight to three because five drained has nothing to panic about; one that lost five has. Kept as the
 * falling sizes of the recent past, each with the time until which it counts; O(1) a step on average.
 */
export class Baseline {
  readonly #windowMs: number;
  #size = 0;
  /** Past sizes above the present one, falling, each until the window has passed since it was left. */
  #past: { size: number; until: number }[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** The set has `size` members now, of which `explained` have just left for a known reason. */
  observe(size: number, explained: number, now: number): void {
    if (explained > 0) for (const entry of this.#past) entry.size -= explained;
    const left = this.#size - explained;
    this.#past = this.#past.filter((entry) => entry.size > Math.max(size, left) && entry.until > now);
    if (left > size) this.#past.push({ size: left, until: now + this.#windowMs });
    this.#size = size;
  }

  value(now: number): number {
    for (const { size, until } of this.#past) if (until > now) return size;
    return this.#size;
  }

  /** When the value falls next if nothing else happens; Infinity when it does not. */
  fallsAt(now: number): number {
    for (const { until } of this.#past) if (until > now) return until;
    return Infinity;
  }
}
