import { median } from '@lb/testkit';

/**
 * By how much the second of each pair grows with the first: the median of the slopes between any two of them (Theil and Sen), which
 * single samples that are off do not move. O(n²).
 */
export function slope(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([otherX, otherY]) => (otherY - y) / (otherX - x)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}
