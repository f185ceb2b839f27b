/**
 * Successes and failures over a sliding window, as exact counts in ten time buckets.
 *
 * A time-weighted average would be shorter, but it weighs a sample by the gap before it: a hundred failures in one millisecond
 * then count about as much as one. Operators set a share and a window, and mean it at any request rate.
 *
 * The window is the current bucket and the nine before it, so it reaches back between nine and ten tenths of its length. Adding
 * and reading are O(1); a bucket is emptied when its time comes round again. A time before the latest one counts as the latest.
 */
export class SuccessWindow {
  readonly #bucketMs: number;
  /** Total and failures of each bucket, side by side. */
  readonly #counts = Array.from({ length: 2 * bucketCount }, () => 0);
  /** Number of the current bucket since time 0, where its counts are, and when it ends. */
  #bucket = -Infinity;
  #at = 0;
  #endsAt = -Infinity;
  #total = 0;
  #failed = 0;

  /** `windowMs` is above 0. */
  constructor(windowMs: number) {
    this.#bucketMs = windowMs / bucketCount;
  }

  /** Counts one answer. */
  add(succeeded: boolean, now: number): void {
    this.#advance(now);
    this.#counts[this.#at]! += 1;
    this.#total += 1;
    if (succeeded) return;
    this.#counts[this.#at + 1]! += 1;
    this.#failed += 1;
  }

  /** Answers in the window. */
  total(now: number): number {
    this.#advance(now);
    return this.#total;
  }

  /** Failures in the window. */
  failed(now: number): number {
    this.#advance(now);
    return this.#failed;
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#failed = 0;
  }

  #advance(now: number): void {
    if (!(now >= this.#endsAt && now < Infinity)) return;
    const bucket = Math.floor(now / this.#bucketMs);
    // After a gap all ten are emptied once, however long the gap was.
    for (let ago = Math.min(bucketCount, bucket - this.#bucket) - 1; ago >= 0; ago -= 1) {
      this.#at = 2 * ((((bucket - ago) % bucketCount) + bucketCount) % bucketCount);
      this.#total -= this.#counts[this.#at]!;
      this.#failed -= this.#counts[this.#at + 1]!;
      this.#counts[this.#at] = 0;
      this.#counts[this.#at + 1] = 0;
    }
    this.#bucket = bucket;
    this.#endsAt = (bucket + 1) * this.#bucketMs;
  }
}

const bucketCount = 10;
