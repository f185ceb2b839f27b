/** What came of the requests of one chapter. */
import type { Sample } from './load.ts';

export interface ChapterReport {
  readonly name: string;
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  /** Of those that failed, what the first of each kind said. */
  readonly errors: readonly string[];
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Part of the answers that each provider gave, from 0 to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

export function tally(
  name: string,
  seconds: number,
  samples: readonly Sample[],
  providers: readonly string[],
): ChapterReport {
  const answered = samples.filter(({ error }) => error === undefined);
  const times = answered.map(({ elapsedMs }) => elapsedMs).toSorted((one, other) => one - other);
  const quantile = (share: number): number | null =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? null;
  const errors = samples.map(({ error }) => error).filter((error) => error !== undefined);
  const shareOf = (provider: string): number =>
    answered.length === 0 ? 0 : answered.filter((sample) => sample.provider === provider).length / answered.length;
  return {
    name,
    seconds: Math.round(seconds * 10) / 10,
    requests: samples.length,
    failed: errors.length,
    errors: [...new Set(errors)].slice(0, 5),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    shares: Object.fromEntries(providers.map((provider) => [provider, shareOf(provider)])),
  };
}

/** The reports as lines of a table. */
export function table(reports: readonly ChapterReport[]): string[] {
  const names = Object.keys(reports[0]?.shares ?? {});
  const heads = ['', 'requests', 'failed', 'p50 ms', 'p99 ms', ...names.map((name) => `${name} %`)];
  const rows = reports.map(({ name, requests, failed, p50Ms, p99Ms, shares }) => [
    name,
    String(requests),
    String(failed),
    ms(p50Ms),
    ms(p99Ms),
    ...names.map((provider) => ((shares[provider] ?? 0) * 100).toFixed(1)),
  ]);
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [heads, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   '),
  );
}

function ms(value: number | null): string {
  return value === null ? '–' : value.toFixed(0);
}
