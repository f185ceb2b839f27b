import { expect, it } from 'vitest';

import type { Sample } from './load.ts';
import { messageOf } from './output.ts';
import { Report } from './report.ts';

const plans = [
  { name: 'small', weight: 1, port: 1, slots: 1 },
  { name: 'large', weight: 3, port: 2, slots: 3 },
];
const sample = (at: number, provider: string | undefined, elapsedMs = 50): Sample => ({
  at,
  elapsedMs,
  provider,
  error: provider === undefined ? '502 broken' : undefined,
});

it('says how many, to whom beside what was asked, how fast, and what failed', () => {
  const report = new Report(plans);
  for (let count = 0; count < 99; count += 1) report.add(sample(9500, count % 4 === 0 ? 'small' : 'large'));
  report.add(sample(9600, undefined, 300));
  expect(report.line(10_000)).toBe(
    ' 100 req/s   small 25.3 % of 25.0   large 74.7 % of 75.0   p50  50 ms  p99 300 ms   1 errors, such as: 502 broken',
  );
  expect(report.summary()).toBe('100 requests, 1 failed');
});

it('forgets what is older than its windows', () => {
  const report = new Report(plans);
  report.add(sample(0, 'small'));
  report.add(sample(5000, 'large'));
  expect(report.line(11_000)).toBe(
    '   0 req/s   small  0.0 % of 25.0   large 100.0 % of 75.0   p50   – ms  p99   – ms   0 errors',
  );
});

it('takes the message out of a line of JSON, and any other line as it is', () => {
  expect(messageOf('{"level":30,"msg":"hello"}')).toBe('hello');
  expect(messageOf('{"level":30}')).toBe('{"level":30}');
  expect(messageOf('{broken')).toBe('{broken');
  expect(messageOf('plain')).toBe('plain');
});
