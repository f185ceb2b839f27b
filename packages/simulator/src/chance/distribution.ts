/**
 * How long work takes, as a function from a uniform number to a time.
 *
 * By inversion, one number in for each time out: a request can then carry its number along, and mean the same kind of luck on whichever
 * server a policy sends it to.
 */
import { InvalidOptionError, checkNumber } from '@lb/core';

import { normalQuantile } from './normal.ts';

/** All times in milliseconds, on a server of speed 1. */
export type Distribution =
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'exponential'; readonly meanMs: number }
  /** Logarithms are normal: what response times of one kind of request usually look like. `sigma` is their deviation. */
  | { readonly kind: 'lognormal'; readonly medianMs: number; readonly sigma: number }
  /** Normal, with what lies below 0 taken as 0. */
  | { readonly kind: 'normal'; readonly meanMs: number; readonly deviationMs: number }
  /** Times that were measured, each as likely as the next. */
  | { readonly kind: 'trace'; readonly samplesMs: readonly number[] };

/** The time that a share `u`, from 0 to below 1, of all times stays under. @throws {InvalidOptionError} */
export function quantileFunction(distribution: Distribution): (u: number) => number {
  const positive = { above: 0, max: Number.MAX_VALUE };
  switch (distribution.kind) {
    case 'fixed': {
      const ms = checkNumber('service.ms', distribution.ms, { min: 0, max: Number.MAX_VALUE });
      return () => ms;
    }
    case 'exponential': {
      const mean = checkNumber('service.meanMs', distribution.meanMs, positive);
      return (u) => -mean * Math.log(1 - u);
    }
    case 'lognormal': {
      const median = checkNumber('service.medianMs', distribution.medianMs, positive);
      const sigma = checkNumber('service.sigma', distribution.sigma, { min: 0, max: 10 });
      return (u) => median * Math.exp(sigma * normalQuantile(u));
    }
    case 'normal': {
      const mean = checkNumber('service.meanMs', distribution.meanMs, positive);
      const deviation = checkNumber('service.deviationMs', distribution.deviationMs, { min: 0, max: Number.MAX_VALUE });
      return (u) => Math.max(0, mean + deviation * normalQuantile(u));
    }
    case 'trace': {
      const { samplesMs } = distribution;
      if (samplesMs.length === 0) throw new InvalidOptionError('service.samplesMs', 'at least one time', samplesMs);
      for (const sample of samplesMs) checkNumber('service.samplesMs', sample, { min: 0, max: Number.MAX_VALUE });
      const sorted = Float64Array.from(samplesMs).toSorted();
      return (u) => sorted[Math.floor(u * sorted.length)] ?? 0;
    }
    default:
      return distribution satisfies never;
  }
}

/** The mean, exactly; for `normal`, with its part below 0 taken as 0. */
export function meanMs(distribution: Distribution): number {
  switch (distribution.kind) {
    case 'fixed':
      return distribution.ms;
    case 'exponential':
      return distribution.meanMs;
    case 'lognormal':
      return distribution.medianMs * Math.exp(distribution.sigma ** 2 / 2);
    case 'normal':
    case 'trace':
      return averageOverQuantiles(distribution);
    default:
      return distribution satisfies never;
  }
}

/** The middle of each of many equal slices of chance: exact for a trace of up to that many samples, good to 0.01 % for the normal. */
function averageOverQuantiles(distribution: Distribution): number {
  const quantile = quantileFunction(distribution);
  const slices = distribution.kind === 'trace' ? distribution.samplesMs.length : 100_000;
  let sum = 0;
  for (let slice = 0; slice < slices; slice += 1) sum += quantile((slice + 0.5) / slices);
  return sum / slices;
}
