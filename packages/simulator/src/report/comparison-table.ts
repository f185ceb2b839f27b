/** What the terminal shows of a scenario: a row a policy. */
import type { RunResult } from '../stats/run-result.ts';
import { count, digits, percent } from './numbers.ts';
import { textTable } from './text-table.ts';

/** More servers than this are not listed one by one. */
const mostListed = 6;

export const comparisonHeadings: readonly string[] = [
  'policy',
  'ok/s',
  'failed',
  'refusals',
  'retries',
  'p50',
  'p90',
  'p99',
  'p99.9',
  'max',
];

/** The cells of one policy; times in milliseconds. */
export function comparisonCells(result: RunResult): string[] {
  const { latency, requests, succeeded, refusals, retries } = result;
  // One that never ended is one that somebody waits for in vain.
  const failed = requests - succeeded;
  const times = [latency.p50Ms, latency.p90Ms, latency.p99Ms, latency.p999Ms, latency.maxMs].map(digits);
  return [
    result.contender,
    count(result.successesPerSecond),
    failed === 0 ? '0' : `${count(failed)} (${percent(failed / requests, 2)})`,
    count(refusals),
    count(retries),
    ...times,
  ];
}

/** The results as a table for a terminal, one row a policy. */
export function comparisonTable(results: readonly RunResult[]): string {
  const servers = results[0]?.servers ?? [];
  const listed = servers.length <= mostListed ? servers.map(({ id }) => id) : [];
  return textTable(
    [...comparisonHeadings, ...listed.map((id) => `to ${id}`)],
    results.map((result) => [
      ...comparisonCells(result),
      ...listed.map((id) => percent(result.servers.find((server) => server.id === id)?.share ?? 0)),
    ]),
  );
}
