/** A scenario as bars: for each subject, what was answered in time, and the 99th percentile. */
import { barChart } from '../bars.ts';
import { figuresOf } from './figures.ts';
import type { Entry } from './race.ts';
import { milliseconds } from './report.ts';
import { deadlineMs, type Scenario } from './scenarios.ts';
import { ours } from './subjects.ts';

export function plot(scenario: Scenario, entries: readonly Entry[], origin: string): string {
  const shown = entries
    .filter((entry) => entry.scenario === scenario)
    .map((entry) => ({ subject: entry.subject, figures: figuresOf(entry, entries) }));
  const slowest = Math.max(1, ...shown.map(({ figures }) => figures.p99.median).filter(Number.isFinite));
  return barChart({
    title: scenario.title,
    columns: [
      { head: `answered within ${deadlineMs} ms`, full: 1 },
      { head: 'p99', full: slowest },
    ],
    lastHead: 'failed',
    rows: shown.map(({ subject, figures: { inTime, p99, failed } }) => ({
      name: subject.name,
      kind: kindOf(subject),
      bars: [
        { spread: inTime, label: `${(inTime.median * 100).toFixed(1)} %` },
        { spread: p99, label: `${milliseconds(p99.median)}${Number.isFinite(p99.median) ? ' ms' : ''}` },
      ],
      last: String(failed),
    })),
    origin,
  });
}

function kindOf(subject: Entry['subject']): 'ours' | 'bound' | 'other' {
  if (subject === ours) return 'ours';
  return subject.oneQueue === true ? 'bound' : 'other';
}
