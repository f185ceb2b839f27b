/** The tables of a race as text. */
import { printTable } from '@lb/testkit';

import { figuresOf, type Spread } from './figures.ts';
import type { Entry } from './race.ts';
import { deadlineMs } from './scenarios.ts';
import type { Verdict } from './verdicts.ts';

const headings = [
  'subject',
  `in ${deadlineMs} ms`,
  'of one queue',
  'p50',
  'p99',
  'from to',
  'p99.9',
  'failed',
  'attempts',
  'late: sent',
  'work',
];

export function printRace(entries: readonly Entry[], skipped: readonly string[]): void {
  for (const scenario of new Set(entries.map((entry) => entry.scenario))) {
    const rows = entries
      .filter((entry) => entry.scenario === scenario)
      .map((entry) => {
        const { inTime, ofOneQueue, p50, p99, p999, failed, attempts, sentLateMs, workLateMs } = figuresOf(
          entry,
          entries,
        );
        return [
          entry.subject.name,
          `${(inTime.median * 100).toFixed(2)} %`,
          ofOneQueue === undefined ? '' : ofOneQueue.median.toFixed(3),
          milliseconds(p50.median),
          milliseconds(p99.median),
          range(p99),
          milliseconds(p999.median),
          String(failed),
          attempts.median.toFixed(3),
          sentLateMs.median.toFixed(1),
          workLateMs.median.toFixed(1),
        ];
      });
    printTable(`${scenario.name}: ${scenario.title}; load ${scenario.load}`, headings, rows);
  }
  for (const reason of skipped) process.stdout.write(`skipped: ${reason}\n`);
}

export function printVerdicts(verdicts: readonly Verdict[]): void {
  for (const { target, found, met } of verdicts) {
    const word = met === undefined ? 'not measured' : met ? 'met' : 'NOT MET';
    process.stdout.write(`${word.padEnd(12)}  ${target}${found === undefined ? '' : `: ${found}`}\n`);
  }
}

/** Times in milliseconds; that of a request that failed is no time. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return 'failed';
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function range({ min, max }: Spread): string {
  return `${milliseconds(min)}–${milliseconds(max)}`;
}
