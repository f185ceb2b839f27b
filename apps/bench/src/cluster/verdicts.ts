/** What the balancer is meant to reach beside others, and whether it did in this race. */
import { figuresOf, type Spread, spreadOf } from './figures.ts';
import type { Entry, Run } from './race.ts';
import { leastConnections, ours, roundRobin, type Subject } from './subjects.ts';

export interface Verdict {
  readonly target: string;
  /** What was measured, in words; `undefined` when a subject that it needs did not run. */
  readonly found: string | undefined;
  readonly met: boolean | undefined;
}

export function verdictsOf(entries: readonly Entry[]): Verdict[] {
  const find = (scenario: string, subject: Subject): Entry | undefined =>
    entries.find((entry) => entry.scenario.name === scenario && entry.subject === subject);
  const ofOneQueue = (scenario: string, least: number): Verdict => {
    const entry = find(scenario, ours);
    const found = entry && figuresOf(entry, entries).ofOneQueue;
    return {
      target: `${scenario}: in time at least ${least} of one queue with all slots`,
      found: found && inWords(found),
      met: found && found.median >= least,
    };
  };
  const p99Against = (other: Subject, most: number): Verdict => {
    const ratio = ratioOf(find('brownout', ours), find('brownout', other), ({ p99 }) => p99);
    return {
      target: `brownout: p99 at most ${most} of that of ${other.name}`,
      found: ratio && inWords(ratio),
      met: ratio && ratio.median <= most,
    };
  };
  const noneFailed = (scenario: string): Verdict => {
    const entry = find(scenario, ours);
    const figures = entry && figuresOf(entry, entries);
    const theirs = entries
      .filter((other) => other.scenario.name === scenario && other !== entry)
      .map((other) => `${other.subject.name} ${figuresOf(other, entries).failed}`);
    return {
      target: `${scenario}: none failed`,
      found: figures && `${figures.failed} of ${figures.offered}; ${theirs.join(', ')}`,
      met: figures && figures.failed === 0,
    };
  };
  return [
    ofOneQueue('known', 0.98),
    ofOneQueue('unknown', 0.97),
    p99Against(roundRobin, 0.25),
    ...leastConnections.map((subject) => p99Against(subject, 0.9)),
    noneFailed('failing'),
    noneFailed('restart'),
  ];
}

/** Round by round, since both met the same arrivals in the same round. */
function ratioOf(one: Entry | undefined, other: Entry | undefined, value: (run: Run) => number): Spread | undefined {
  if (one === undefined || other === undefined) return undefined;
  return spreadOf(
    one.runs.map((run, round) => {
      const against = other.runs[round];
      return against === undefined ? NaN : value(run) / value(against);
    }),
  );
}

function inWords({ median, min, max }: Spread): string {
  return `${median.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)})`;
}
