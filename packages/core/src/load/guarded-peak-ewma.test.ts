import { describe, expect, it } from 'vitest';

import { failure, ignored, type Outcome, success } from '../outcome.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint, tally } from '../testing.ts';
import { GuardedPeakEwma, PeakEwmaPool } from './guarded-peak-ewma.ts';

function attempt(load: GuardedPeakEwma, elapsed: number, outcome: Outcome, now: number): void {
  load.begin(now - elapsed);
  load.end(elapsed, outcome, now);
}

/** A load with nothing in flight that has answered in 10 ms, like others of its pool. */
function known(pool = new PeakEwmaPool()): GuardedPeakEwma {
  const load = new GuardedPeakEwma(pool);
  attempt(load, 10, success, 10);
  return load;
}

it('costs its latency times what is in flight for its weight and one more', () => {
  const load = known();
  expect(load.cost(10, 3)).toBe(10);
  for (let begun = 0; begun < 6; begun += 1) load.begin(10);
  expect([load.cost(10, 3), load.cost(10, 1)]).toEqual([30, 70]);
});

it('fades with time, and never below a millisecond', () => {
  const load = known();
  expect(load.cost(1010, 1)).toBeCloseTo(3.56, 2);
  expect(load.cost(1e9, 1)).toBe(1);
});

describe('a failure', () => {
  it('is averaged in as a hundred typical answers, however fast it came', () => {
    const load = known();
    attempt(load, 1, failure('connect'), 20);
    // 10 ms since the last: about 1 % of 1 000 ms on top of what was left.
    expect(load.cost(20, 1)).toBeGreaterThan(19);
    expect(load.cost(20, 1)).toBeLessThan(21);
  });

  it('makes a peer that fails one time in a hundred look about one typical answer slower', () => {
    const pool = new PeakEwmaPool();
    const load = known(pool);
    let sum = 0;
    for (let answer = 1; answer <= 5000; answer += 1) {
      const now = 10 + 10 * answer;
      if (answer % 100 === 50) attempt(load, 1, failure('status'), now);
      else attempt(load, 10, success, now);
      if (answer > 1000) sum += load.cost(now, 1);
    }
    expect(sum / 4000).toBeGreaterThan(18);
    expect(sum / 4000).toBeLessThan(22);
  });

  it('counts as what the peer asked for when that is longer', () => {
    const patient = known();
    attempt(patient, 1, failure('overload', 60_000), 20);
    expect(patient.cost(20, 1)).toBeGreaterThan(500);
  });

  it('stands in full as the only thing known of a peer', () => {
    const pool = new PeakEwmaPool();
    known(pool);
    const fresh = new GuardedPeakEwma(pool);
    attempt(fresh, 1, failure('connect'), 20);
    expect(fresh.cost(20, 1)).toBe(1000);
  });

  it('by timeout is also the peak that it took', () => {
    const load = known();
    attempt(load, 5000, failure('timeout'), 5020);
    expect(load.cost(5020, 1)).toBeGreaterThanOrEqual(5000);
  });

  it('does not raise its own price: with everything failing, costs stay where a hundred typical answers put them', () => {
    const load = known();
    for (let now = 20; now < 60_000; now += 10) attempt(load, 1, failure('connect'), now);
    expect(load.cost(60_000, 1)).toBeLessThanOrEqual(1000);
  });
});

describe('silence', () => {
  it('is the least that latency can be while something is in flight', () => {
    const load = known();
    load.begin(1000);
    expect(load.cost(1500, 1)).toBe(2 * 500);
    load.end(600, success, 1600);
    expect(load.cost(1600, 1)).toBe(600);
  });

  it('ends with any answer, not with the oldest', () => {
    const load = known();
    load.begin(1000);
    load.begin(1000);
    load.end(900, success, 1900);
    expect(load.cost(1910, 1)).toBeLessThan(2 * 900);
  });

  it('does not count while nothing is in flight', () => {
    const load = known();
    expect(load.cost(5000, 1)).toBe(1);
    load.begin(5000);
    expect(load.cost(5000, 1)).toBe(2);
  });

  it('keeps requests from a peer that hangs before the first has timed out', () => {
    const policy = policies.p2cPeakEwma();
    const peers = ['live', 'hung', 'well'].map((id) => new Peer(endpoint(id), policy.createLoad(0)));
    const picker = policy.createPicker(peers, seededRandom(1));
    for (const { load } of peers) {
      load.begin(0);
      load.end(10, success, 10);
    }
    let now = 10;
    const counts = tally(500, () => {
      const peer = picker.pick({ now: (now += 2) })!;
      peer.load.begin(now);
      if (peer.id !== 'hung') peer.load.end(10, success, now + 10);
      return peer;
    });
    // For as long as the silence is no longer than what is usual, and each one begun makes the next less likely.
    expect(counts.get('hung')).toBeLessThan(12);
  });
});

describe('a caller that leaves', () => {
  it('tells that an answer would have taken at least as long', () => {
    const load = known();
    attempt(load, 300, ignored, 400);
    expect(load.cost(400, 1)).toBe(300);
  });

  it('tells nothing when it waited less than is usual', () => {
    const left = known();
    const stayed = known();
    attempt(left, 2, ignored, 20);
    expect(left.cost(20, 1)).toBeCloseTo(stayed.cost(20, 1), 2);
  });
});

describe('a peer that has not answered yet', () => {
  it('is taken to be as fast as is typical of the pool', () => {
    const pool = new PeakEwmaPool();
    const fresh = new GuardedPeakEwma(pool);
    expect(fresh.cost(0, 1)).toBe(1);
    for (let answer = 0; answer < 30; answer += 1) known(pool);
    // The median steps around 10 by a twentieth.
    expect(fresh.cost(50, 1)).toBeGreaterThan(9.5);
    expect(fresh.cost(50, 1)).toBeLessThan(10.1);
    fresh.begin(50);
    expect(fresh.cost(50, 1)).toBeGreaterThan(19);
    fresh.end(4, success, 54);
    expect(fresh.cost(54, 1)).toBe(4);
  });

  it('gets no burst in a busy pool', () => {
    const policy = policies.p2cPeakEwma();
    const old = Array.from({ length: 9 }, (_, index) => new Peer(endpoint(`p${index}`), policy.createLoad(0)));
    for (const { load } of old) {
      load.begin(0);
      load.end(20, success, 20);
    }
    const fresh = new Peer(endpoint('fresh'), policy.createLoad(20));
    const picker = policy.createPicker([...old, fresh], seededRandom(1));
    const counts = tally(90, () => {
      const peer = picker.pick({ now: 20 })!;
      peer.load.begin(20);
      return peer;
    });
    expect(counts.get('fresh')).toBeGreaterThan(4);
    expect(counts.get('fresh')).toBeLessThan(14);
  });
});
