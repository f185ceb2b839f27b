import { expect, it } from 'vitest';

import { table, tally } from './tally.ts';

const sample = (provider: string | undefined, elapsedMs: number) => ({
  at: 0,
  elapsedMs,
  provider,
  error: provider === undefined ? '502 broken' : undefined,
});

it('counts what failed, and shares and latencies of what did not', () => {
  const samples = [
    ...Array.from({ length: 98 }, (_, index) => sample(index % 2 === 0 ? 'small' : 'large', 50)),
    sample('large', 300),
    sample(undefined, 9),
  ];
  const report = tally('killed', 9.04, samples, ['small', 'large']);
  expect(report).toEqual({
    name: 'killed',
    seconds: 9,
    requests: 100,
    failed: 1,
    errors: ['502 broken'],
    p50Ms: 50,
    p99Ms: 300,
    shares: { small: 49 / 99, large: 50 / 99 },
  });
  expect(table([report])).toEqual([
    '         requests   failed   p50 ms   p99 ms   small %   large %',
    'killed        100        1       50      300      49.5      50.5',
  ]);
});

it('has no figures where nothing was answered', () => {
  expect(tally('x', 1, [], ['small'])).toMatchObject({ requests: 0, p50Ms: null, shares: { small: 0 } });
});
