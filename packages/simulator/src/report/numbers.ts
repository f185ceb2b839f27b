import type { Estimate } from '../stats/confidence.ts';

/** A time with three digits that mean something: `1.23 ms`, `45.6 ms`, `789 ms`, `12.3 s`. */
export function time(ms: number): string {
  if (ms >= 9999.5) return `${digits(ms / 1000)} s`;
  return `${digits(ms)} ms`;
}

/** As {@link time}, without the unit, in milliseconds. */
export function digits(value: number): string {
  if (value >= 99.95) return String(Math.round(value));
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

export function percent(share: number, decimals = 1): string {
  return `${(share * 100).toFixed(decimals)} %`;
}

/** Whole numbers with a thin group mark: `12 345`. */
export function count(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
}

/** The mean, and how far off it may be when that is known. */
export function withMargin({ mean, margin }: Estimate, format: (value: number) => string): string {
  return margin === 0 ? format(mean) : `${format(mean)} ±${format(margin)}`;
}
