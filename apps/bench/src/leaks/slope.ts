import { median } from '@lb/testkit';

/**
 * How much the second of each pair grows an hour, when the first is in minutes: the median of the slopes between any two of them (Theil and
 * Sen), which single samples that are off do not move. O(n²).
 */
export function slopePerHour(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([minute, value], index) =>
    points.slice(index + 1).map(([later, then]) => ((then - value) / (later - minute)) * 60),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}
