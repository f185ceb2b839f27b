/** The value that a share `q` of `values` does not exceed, by nearest rank; NaN without values. O(n log n). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

/** The middle one, or the mean of the two in the middle; NaN without values. O(n log n). */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).toSorted();
  const middle = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  // Two infinite ones have no difference, but they do have a middle.
  return low === high ? low : (low + high) / 2;
}
