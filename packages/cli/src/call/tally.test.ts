import { expect, it } from 'vitest';

import { Terminal } from '../terminal/terminal.ts';
import { TextSink } from '../testing.ts';
import { type Answered, Tally } from './tally.ts';

const peers = [
  { id: 'a', origin: 'http://10.0.0.1:80', weightShare: 0.25 },
  { id: 'b', origin: 'http://10.0.0.2:80', weightShare: 0.75 },
];

const answered = (id: string | undefined, elapsedMs: number, change: Partial<Answered> = {}): Answered => ({
  id,
  status: 200,
  error: undefined,
  attempts: 1,
  elapsedMs,
  ...change,
});

const failed = { status: undefined, error: 'ERR_DEADLINE' };

function full(): Tally {
  const tally = new Tally();
  for (let index = 1; index <= 97; index += 1) tally.add(answered(index % 4 === 0 ? 'a' : 'b', index));
  tally.add(answered('b', 5, { status: 404 }));
  tally.add(answered('gone', 5, { status: 503, attempts: 3 }));
  tally.add(answered(undefined, 900, failed));
  return tally;
}

it('prints shares and latencies a peer, and what became of all', () => {
  const terminal = new Terminal(new TextSink(), {});
  expect(
    full()
      .lines(peers, 2000)
      .map((line) => terminal.render(line)),
  ).toEqual([
    'ID    ADDRESS             WEIGHT SHARE   SHARE  REQUESTS  FAILED  P50 MS  P99 MS  MAX MS',
    'a     http://10.0.0.1:80        25.0 %  24.0 %        24       0      48      96      96',
    'b     http://10.0.0.2:80        75.0 %  74.0 %        74       0      47      97      97',
    'gone  -                          0.0 %   1.0 %         1       1     5.0     5.0     5.0',
    '',
    '100 requests in 2.0 s, 50 a second, 2 failed, 2 retries. 200 × 97, 404 × 1, 503 × 1, ERR_DEADLINE × 1',
  ]);
});

it('gives the same to programs', () => {
  expect(full().json(peers, 2000)).toMatchObject({
    requests: 100,
    failed: 2,
    retries: 2,
    outcomes: { 200: 97, 404: 1, 503: 1, ERR_DEADLINE: 1 },
    p50Ms: 48,
    peers: [
      { id: 'a', share: 0.24, weightShare: 0.25, requests: 24, failed: 0, maxMs: 96 },
      { id: 'b', share: 0.74 },
    ],
  });
});

it('has nothing to say of a peer that was not called', () => {
  const terminal = new Terminal(new TextSink(), {});
  const [, row = []] = new Tally().lines(peers, 1);
  expect(terminal.render(row)).toMatch(/^a +http:\/\/10\.0\.0\.1:80 +25\.0 % +0\.0 % +0 +0 +- +- +-$/);
});
