import { median } from '@lb/testkit';

import type { Entry, Run } from './race.ts';

/** A figure over all rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What the rounds of one subject in one scenario come to. */
export interface Figures {
  /** Answered in time, as a part of what was offered. */
  readonly inTime: Spread;
  /** The same as a part of what one queue with all slots answered in time in the same round; `undefined` where there is none. */
  readonly ofOneQueue: Spread | undefined;
  readonly p50: Spread;
  readonly p99: Spread;
  readonly p999: Spread;
  /** Of all rounds together. */
  readonly offered: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly attempts: Spread;
  readonly sentLateMs: Spread;
  readonly workLateMs: Spread;
}

export function figuresOf({ scenario, runs }: Entry, all: readonly Entry[]): Figures {
  const reference = all.find((entry) => entry.scenario === scenario && entry.subject.oneQueue === true)?.runs;
  const spread = (value: (run: Run, round: number) => number): Spread => spreadOf(runs.map(value));
  const failures: Record<string, number> = {};
  for (const run of runs) {
    for (const [reason, count] of Object.entries(run.failures)) failures[reason] = (failures[reason] ?? 0) + count;
  }
  return {
    inTime: spread(({ inTime, offered }) => inTime / offered),
    ofOneQueue: reference && spread(({ inTime, offered }, round) => inTime / offered / share(reference[round])),
    p50: spread(({ p50 }) => p50),
    p99: spread(({ p99 }) => p99),
    p999: spread(({ p999 }) => p999),
    offered: runs.reduce((sum, { offered }) => sum + offered, 0),
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    failures,
    attempts: spread(({ attempts }) => attempts),
    sentLateMs: spread(({ lateMs }) => lateMs),
    workLateMs: spread(({ workLateMs }) => workLateMs),
  };
}

/** @throws {RangeError} Without values. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('A spread needs at least one value');
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

function share(run: Run | undefined): number {
  return run === undefined ? NaN : run.inTime / run.offered;
}
