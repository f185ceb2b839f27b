import { expect, it } from 'vitest';

import { figuresOf } from './figures.ts';
import { plot } from './plot.ts';
import type { Entry, Run } from './race.ts';
import { scenarios } from './scenarios.ts';
import { oneQueue, ours, roundRobin } from './subjects.ts';
import { verdictsOf } from './verdicts.ts';

function run(changes: Partial<Run>): Run {
  const even = { arrivals: 100, offered: 100, inTime: 100, failures: {}, p50: 10, p99: 40, p999: 50, attempts: 1 };
  return { ...even, lateMs: 1, workLateMs: 1, ...changes };
}

function entry(name: string, subject: Entry['subject'], runs: readonly Run[]): Entry {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new RangeError(name);
  return { scenario, subject, runs };
}

it('compares with the one queue of the same round', () => {
  const mine = entry('known', ours, [run({ inTime: 90 }), run({ inTime: 50 }), run({ inTime: 99 })]);
  const bound = entry('known', oneQueue, [run({ inTime: 90 }), run({ inTime: 50 }), run({ inTime: 100 })]);
  const { ofOneQueue, inTime } = figuresOf(mine, [mine, bound]);
  expect(ofOneQueue).toEqual({ median: 1, min: 0.99, max: 1 });
  expect(inTime).toEqual({ median: 0.9, min: 0.5, max: 0.99 });
});

it('says which targets were met, missed and not measured', () => {
  const entries = [
    entry('known', ours, [run({ inTime: 97 })]),
    entry('known', oneQueue, [run({})]),
    entry('brownout', ours, [run({ p99: 20 })]),
    entry('brownout', roundRobin, [run({ p99: 100 })]),
    entry('failing', ours, [run({ failures: { '503': 2 } })]),
  ];
  const met = Object.fromEntries(verdictsOf(entries).map((verdict) => [verdict.target, verdict.met]));
  expect(met).toEqual({
    'known: in time at least 0.98 of one queue with all slots': false,
    'unknown: in time at least 0.97 of one queue with all slots': undefined,
    'brownout: p99 at most 0.25 of that of HAProxy roundrobin': true,
    'brownout: p99 at most 0.9 of that of HAProxy leastconn': undefined,
    'brownout: p99 at most 0.9 of that of nginx least_conn': undefined,
    'failing: none failed': false,
    'restart: none failed': undefined,
  });
});

it('draws a percentile that only failed requests reach as failed, and what it is told as text', () => {
  const failing = entry('failing', ours, [run({ p99: Infinity, failures: { '503': 2 } })]);
  const drawn = plot(failing.scenario, [failing], 'a <b> & c');
  expect(drawn).toContain('>failed</text>');
  expect(drawn).toContain('a &lt;b&gt; &amp; c');
  expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
});
