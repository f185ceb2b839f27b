import { describe, expect, it } from 'vitest';

import { failure, ignored, type Outcome, success } from '../outcome.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint, tally } from '../testing.ts';
import { GuardedLatency } from './guarded-latency.ts';
import { PeakEwmaPool } from './guarded-peak-ewma.ts';

function attempt(load: GuardedLatency, elapsed: number, outcome: Outcome, now: number): void {
  load.begin(now - elapsed);
  load.end(elapsed, outcome, now);
}

/** A load with nothing in flight that answered in `ms`, of a pool in which 10 ms are typical. */
function known(ms = 10): GuardedLatency {
  const pool = new PeakEwmaPool({ decayMs: 1000 });
  for (let answer = 0; answer < 200; answer += 1) pool.answered(10);
  const load = new GuardedLatency(pool);
  attempt(load, ms, success, 100);
  return load;
}

/** The latency that a cost with nothing in flight says. */
const latencyOf = (load: GuardedLatency, now: number): number => load.cost(now, 1) ** (2 / 3);

it('costs its latency one and a half times, for what is in flight for its weight and one more', () => {
  const load = known(16);
  expect(load.cost(100, 3)).toBe(64);
  for (let begun = 0; begun < 6; begun += 1) load.begin(100);
  expect([load.cost(100, 3), load.cost(100, 1)]).toEqual([3 * 64, 7 * 64]);
});

it('settles at the mean of what answers take, where one in ten is slow', () => {
  const load = known();
  let sum = 0;
  for (let answer = 1; answer <= 20_000; answer += 1) {
    attempt(load, answer % 10 === 0 ? 100 : 10, success, 100 + 10 * answer);
    if (answer > 1000) sum += latencyOf(load, 100 + 10 * answer);
  }
  expect(sum / 19_000).toBeGreaterThan(18);
  expect(sum / 19_000).toBeLessThan(20);
});

it('begins with the plain mean of the answers that there are', () => {
  const load = known(90);
  for (const [index, ms] of [2, 4, 8].entries()) attempt(load, ms, success, 101 + index);
  expect(latencyOf(load, 103)).toBeCloseTo((90 + 2 + 4 + 8) / 4, 0);
});

it.each([
  [10, 30],
  [30, 10],
])('knows after a hundred answers, however quickly they come, that a peer of %i ms takes %i', (before, after) => {
  const load = new GuardedLatency(new PeakEwmaPool({ decayMs: 3000 }));
  for (let answer = 0; answer < 1000; answer += 1) attempt(load, before, success, answer);
  for (let answer = 0; answer < 100; answer += 1) attempt(load, after, success, 1000 + answer);
  expect(Math.abs(latencyOf(load, 1100) - after)).toBeLessThan(3);
});

it('counts a failure by the time since the last answer, not as one of fifty', () => {
  const load = new GuardedLatency(new PeakEwmaPool({ decayMs: 3000 }));
  for (let answer = 0; answer < 100; answer += 1) attempt(load, 10, success, answer);
  attempt(load, 1, failure('overload'), 101);
  // A hundred times what is typical, for a millisecond or two of three thousand; one of fifty would make it 30 ms.
  expect(latencyOf(load, 101)).toBeGreaterThan(10);
  expect(latencyOf(load, 101)).toBeLessThan(12);
});

it('goes by time where answers are few', () => {
  const load = new GuardedLatency(new PeakEwmaPool({ decayMs: 1000 }));
  for (let answer = 1; answer <= 100; answer += 1) attempt(load, 10, success, 2000 * answer);
  attempt(load, 100, success, 202_000);
  // After two time constants a seventh of the old is left.
  expect(latencyOf(load, 202_000)).toBeGreaterThan(85);
});

it.each([2, 500])('fades from %i ms to what is typical, and not to nothing', (ms) => {
  const load = known(ms);
  expect(latencyOf(load, 100)).toBeCloseTo(ms, 6);
  // Typical is a median that steps by a twentieth, so about a third is as near as this can be told.
  const third = latencyOf(load, 1100);
  expect(Math.abs((third - 10) / (ms - 10) - 0.36)).toBeLessThan(0.1);
  expect(latencyOf(load, 1e6)).toBeGreaterThan(9);
  expect(latencyOf(load, 1e6)).toBeLessThan(11);
});

it('counts a failure as a hundred typical answers, or what the peer asked for, or what it took', () => {
  for (const [outcome, elapsed, least] of [
    [failure('status'), 1, 900],
    [failure('overload', 60_000), 1, 60_000],
    [failure('timeout'), 5000, 5000],
  ] as const) {
    const load = new GuardedLatency(new PeakEwmaPool());
    const other = known();
    attempt(load, 10, success, 100);
    attempt(load, elapsed, outcome, 1e6);
    // Long after the last answer, one sample is all that counts.
    expect(latencyOf(load, 1e6)).toBeGreaterThanOrEqual(least * 0.999);
    attempt(other, elapsed, outcome, 101);
    expect(latencyOf(other, 101)).toBeGreaterThan(10);
  }
});

describe('silence', () => {
  it('is the least that latency can be while something is in flight, until anything ends', () => {
    const load = known();
    load.begin(1000);
    load.begin(1000);
    expect(load.cost(1400, 1)).toBeCloseTo(3 * 400 ** 1.5, 6);
    load.end(420, success, 1420);
    expect(load.cost(1421, 1)).toBeLessThan(2 * 420 ** 1.5);
  });

  it('does not count while nothing is in flight', () => {
    const load = known();
    expect(latencyOf(load, 90_000)).toBeLessThan(11);
    load.begin(90_000);
    expect(load.cost(90_000, 1)).toBeLessThan(2 * 11 ** 1.5);
  });
});

it('takes what a caller has waited for more than is usual, and nothing from one who left at once', () => {
  const left = known();
  const before = latencyOf(left, 500);
  attempt(left, 2, ignored, 500);
  expect(latencyOf(left, 500)).toBe(before);
  attempt(left, 300, ignored, 900);
  expect(latencyOf(left, 900)).toBeGreaterThan(before);
});

it('leaves a peer whose weight is too large before its queue is long, and shorter than balancing latency alone would', () => {
  const policy = policies.p2cLatency();
  const peers = [endpoint('small', { weight: 3 }), endpoint('large', { weight: 1 })].map(
    (of) => new Peer(of, policy.createLoad(0)),
  );
  const picker = policy.createPicker(peers, seededRandom(1));
  // Each serves one at a time, the large one three times as fast.
  const free = new Map(peers.map((peer) => [peer, 0]));
  const ends: { peer: Peer; at: number; begun: number }[] = [];
  let now = 0;
  const counts = tally(4000, () => {
    now += 10;
    for (const done of ends.filter(({ at }) => at <= now)) done.peer.load.end(done.at - done.begun, success, done.at);
    ends.splice(0, ends.length, ...ends.filter(({ at }) => at > now));
    const peer = picker.pick({ now })!;
    peer.load.begin(now);
    const at = Math.max(now, free.get(peer)!) + (peer.id === 'large' ? 10 : 30);
    free.set(peer, at);
    ends.push({ peer, at, begun: now });
    return peer;
  });
  expect(counts.get('small')! / 4000).toBeLessThan(0.34);
});
