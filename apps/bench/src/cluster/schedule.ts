import { type Random, seededRandom } from '@lb/core';

export interface Arrival {
  /** When, in milliseconds from the start. */
  readonly at: number;
  readonly workMs: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly arrivalsPerSecond: number;
  readonly durationMs: number;
  readonly meanWorkMs: number;
}

/**
 * Poisson arrivals and exponential work. The same seed gives the same ones at the same moments; arrivals and work come from streams of
 * their own, so that another rate does not change the work.
 */
export function schedule({ seed, arrivalsPerSecond, durationMs, meanWorkMs }: ScheduleOptions): Arrival[] {
  const gaps = seededRandom(seed);
  const work = seededRandom(seed + 2 ** 32);
  const gapMs = (): number => exponential(gaps, 1000 / arrivalsPerSecond);
  const arrivals: Arrival[] = [];
  for (let at = gapMs(); at < durationMs; at += gapMs()) arrivals.push({ at, workMs: exponential(work, meanWorkMs) });
  return arrivals;
}

function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}
