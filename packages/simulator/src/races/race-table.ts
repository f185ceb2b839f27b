/** What a race prints: for each course one table, a row a contender, and whose figure is a mean of several runs. */
import { count, digits, percent, withMargin } from '../report/numbers.ts';
import { textTable } from '../report/text-table.ts';
import { estimate, type Estimate } from '../stats/confidence.ts';
import type { RunResult } from '../stats/run-result.ts';
import type { CourseResult } from './race.ts';

/** More servers than this are not listed one by one. */
const mostListed = 4;

/** What a row says, as numbers; `--json` writes these. */
export interface RaceRow {
  readonly contender: string;
  readonly runs: number;
  readonly successesPerSecond: Estimate;
  /** Of the bound of the course, if it has one. */
  readonly ofBound: number | undefined;
  /** How much less than what the contender got that is measured against. */
  readonly regret: Estimate;
  readonly failed: number;
  readonly unfinished: number;
  readonly refusals: number;
  readonly shares: Readonly<Record<string, number>>;
  readonly peaks: Readonly<Record<string, number>>;
  readonly p50Ms: Estimate;
  readonly p99Ms: Estimate;
  readonly p999Ms: Estimate;
  /** Its p99 as a multiple of that of the contender that is measured against, run by run. */
  readonly p99Ratio: Estimate;
}

export function raceRows({ results, against, boundPerSecond }: CourseResult): RaceRow[] {
  const reference = results.find(({ contender }) => contender === against)?.runs ?? [];
  return results.map(({ contender, runs }) => {
    const of = (value: (run: RunResult) => number): Estimate => estimate(runs.map(value));
    const paired = (value: (run: RunResult, other: RunResult) => number): Estimate =>
      estimate(runs.map((run, index) => value(run, reference[index] ?? run)));
    const successes = of((run) => run.successesPerSecond);
    const servers = runs[0]?.servers ?? [];
    const perServer = (value: (run: RunResult, index: number) => number): Record<string, number> =>
      Object.fromEntries(servers.map(({ id }, index) => [id, of((run) => value(run, index)).mean]));
    return {
      contender,
      runs: runs.length,
      successesPerSecond: successes,
      ofBound: boundPerSecond === undefined ? undefined : successes.mean / boundPerSecond,
      regret: paired((run, other) => 1 - run.successesPerSecond / other.successesPerSecond),
      failed: of((run) => run.requests - run.succeeded - run.unfinished).mean,
      unfinished: of((run) => run.unfinished).mean,
      refusals: of((run) => run.refusals).mean,
      shares: perServer((run, index) => run.servers[index]?.share ?? 0),
      peaks: perServer((run, index) => run.servers[index]?.peakInFlight ?? 0),
      p50Ms: of((run) => run.latency.p50Ms),
      p99Ms: of((run) => run.latency.p99Ms),
      p999Ms: of((run) => run.latency.p999Ms),
      p99Ratio: paired((run, other) => run.latency.p99Ms / other.latency.p99Ms),
    };
  });
}

export function raceTable(course: CourseResult): string {
  const rows = raceRows(course);
  const servers = Object.keys(rows[0]?.shares ?? {});
  const listed = servers.length <= mostListed ? servers : [];
  const headings = [
    'contender',
    'ok/s',
    ...(course.boundPerSecond === undefined ? [] : ['of bound']),
    `regret`,
    'failed',
    'refusals',
    ...(listed.length > 0 ? [`share ${listed.join(':')}`, 'peak'] : []),
    'p50',
    'p99',
    'p99.9',
    `p99 x ${course.against}`,
  ];
  const cells = rows.map((row) => [
    row.contender,
    withMargin(row.successesPerSecond, count),
    ...(row.ofBound === undefined ? [] : [percent(row.ofBound, 2)]),
    withMargin(row.regret, (value) => `${(value * 100).toFixed(2).replace(/^-(0\.0*)$/, '$1')}%`),
    // What never ended cannot be told from what failed by those who waited for it.
    count(row.failed + row.unfinished),
    count(row.refusals),
    ...(listed.length > 0
      ? [
          listed.map((id) => ((row.shares[id] ?? 0) * 100).toFixed(1)).join(':'),
          listed.map((id) => Math.round(row.peaks[id] ?? 0)).join(':'),
        ]
      : []),
    digits(row.p50Ms.mean),
    withMargin(row.p99Ms, digits),
    digits(row.p999Ms.mean),
    row.p99Ratio.mean > 20 ? '> 20' : withMargin(row.p99Ratio, (value) => value.toFixed(3)),
  ]);
  const bound = course.boundPerSecond === undefined ? '' : `, bound ${count(course.boundPerSecond)}/s`;
  return `${course.race}: ${course.course}${bound}\n${textTable(headings, cells)}`;
}
