/**
 * Counts of times in buckets of equal relative width, for quantiles over any number of samples in 40 KB.
 *
 * A bucket is what a double's exponent and the first eight bits of its mantissa have in common: 256 to each doubling, found without
 * a logarithm. A quantile is the middle of its bucket, so it is off by at most 0.2 %. Times from 60 ns to 4.6 hours; what lies outside
 * counts into the outermost bucket. Mean and maximum are exact.
 */
const mantissaBits = 8;
const shift = 20 - mantissaBits;
const lowest = (1023 - 14) << mantissaBits;
const octaves = 38;

export class Histogram {
  readonly #counts = new Uint32Array(octaves << mantissaBits);
  readonly #bits = new DataView(new ArrayBuffer(8));
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** O(1). */
  record(ms: number): void {
    this.#bits.setFloat64(0, ms);
    const bucket = (this.#bits.getUint32(0) >>> shift) - lowest;
    const index = Math.min(this.#counts.length - 1, Math.max(0, bucket));
    this.#counts[index] = this.#counts[index]! + 1;
    this.#count += 1;
    this.#sum += ms;
    if (ms > this.#max) this.#max = ms;
  }

  /** The time that a share `q` of the samples does not exceed; 0 without samples. O(buckets). */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      seen += this.#counts[index]!;
      if (seen >= rank) return Math.min(this.#max, this.#middle(index));
    }
    return this.#max;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#max = 0;
  }

  #middle(index: number): number {
    // The bits below those that name the bucket, at half of what they can be.
    this.#bits.setUint32(0, ((index + lowest) << shift) | (1 << (shift - 1)));
    this.#bits.setUint32(4, 0);
    return this.#bits.getFloat64(0);
  }
}
