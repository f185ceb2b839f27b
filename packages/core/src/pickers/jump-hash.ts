/**
 * The bucket, from 0 to `buckets - 1`, of a 64-bit key given in two halves; the same that every other implementation of jump hashing
 * gives. For shards that other software numbers so; the policy `jump` has no one to agree with, and takes the quicker `jumpBackHash`.
 * O(log buckets).
 *
 * Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014.
 */
export function jumpHash(high: number, low: number, buckets: number): number {
  let top = high | 0;
  let bottom = low | 0;
  let bucket = 0;
  for (let next = 0; next < buckets;) {
    bucket = next;
    // key = key · 2862933555777941757 + 1, modulo 2^64, in 32-bit halves.
    top = (Math.imul(top, multiplierLow) + Math.imul(bottom, multiplierHigh) + highProduct(bottom)) | 0;
    bottom = (Math.imul(bottom, multiplierLow) + 1) | 0;
    if (bottom === 0) top = (top + 1) | 0;
    next = Math.floor((bucket + 1) * (2 ** 31 / ((top >>> 1) + 1)));
  }
  return bucket;
}

const multiplierHigh = 0x27bb2ee6;
const multiplierLow = 0x87b0b0fd;

/** The upper half of the 64-bit product of `value` and `multiplierLow`, by way of 16-bit digits, whose products all fit 32 bits. */
function highProduct(value: number): number {
  const valueHigh = value >>> 16;
  const valueLow = value & 0xffff;
  const lowest = Math.imul(valueLow, multiplierLow & 0xffff) >>> 16;
  // At most 65535² + 65535, which is below 2^32, so nothing is carried out of these either.
  const middle = (Math.imul(valueHigh, multiplierLow & 0xffff) + lowest) | 0;
  const other = (Math.imul(valueLow, multiplierLow >>> 16) + (middle & 0xffff)) | 0;
  return (Math.imul(valueHigh, multiplierLow >>> 16) + (middle >>> 16) + (other >>> 16)) | 0;
}
