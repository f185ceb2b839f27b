import { describe, expect, it, vi } from 'vitest';

import type { Endpoint } from './endpoint.ts';
import { ConsecutiveFailures } from './health/consecutive-failures.ts';
import type { Detector } from './health/detector.ts';
import type { Ejection } from './health/ejection.ts';
import { defaultDetectors, type EjectionOptions } from './health/ejector.ts';
import { LatencyOutlier } from './health/latency-outlier.ts';
import { failure, ignored, type Outcome, success } from './outcome.ts';
import type { Peer } from './peer.ts';
import { PeerPool } from './peer-pool.ts';
import { policies } from './policies.ts';
import type { PeerPoolOptions } from './pool-options.ts';
import { seededRandom } from './random.ts';
import { endpoint, tally } from './testing.ts';

const timeout = failure('timeout');

/** Three time-outs in a row, whatever happens elsewhere: for what comes after an ejection. */
const blunt = () => [new ConsecutiveFailures({ side: 'local', chance: 1 })];

/** A pool of endpoints with these one-letter names, by default without slow start and jitter, which have tests of their own. */
function poolOf(names: string, options: Partial<PeerPoolOptions> = {}, fields: Partial<Endpoint> = {}) {
  const pool = new PeerPool({
    policy: policies.roundRobin(),
    random: seededRandom(1),
    slowStart: false,
    ejection: { jitter: 0 },
    ...options,
  });
  const endpoints = Array.from(names, (id) => endpoint(id, fields));
  pool.update({ revision: 1, endpoints }, 0);
  const peer = (id: string): Peer => [...pool.peers].find((one) => one.id === id)!;
  /** Attempts on one peer, begun and ended on the spot. */
  const attempts = (id: string, count: number, outcome: Outcome, now: number): void => {
    for (let attempt = 0; attempt < count; attempt += 1) pool.begin(peer(id), now).end(outcome, now);
  };
  const picks = (now: number, count = 60) => [...tally(count, () => pool.pick({ now })).keys()].toSorted().join('');
  const list = (ids: string, more: Partial<Endpoint> = {}) =>
    Array.from(ids, (id) => endpoint(id, { ...fields, ...more }));
  return { pool, peer, attempts, picks, list };
}

describe('a failing peer', () => {
  it('gets nothing from the next pick on when three attempts in a row had no answer', () => {
    const { attempts, picks, peer } = poolOf('abcd');
    attempts('a', 2, timeout, 10);
    expect(picks(10)).toBe('abcd');
    attempts('a', 1, timeout, 10);
    expect(picks(10)).toBe('bcd');
    expect(peer('a').ejection).toEqual({
      reason: 'consecutive-local',
      since: 10,
      until: 1010,
      count: 1,
      probing: false,
    });
  });

  it.each([
    { outcome: failure('status'), count: 5, reason: 'consecutive-remote' },
    { outcome: failure('connect'), count: 3, reason: 'consecutive-local' },
  ])('is ejected for $reason after $count', ({ outcome, count, reason }) => {
    const { attempts, peer } = poolOf('abcd');
    attempts('a', count - 1, outcome, 10);
    expect(peer('a').ejection).toBeUndefined();
    attempts('a', 1, outcome, 10);
    expect(peer('a').ejection?.reason).toBe(reason);
  });

  it('is found by its share of failures among a pool that does well', () => {
    const { attempts, peer } = poolOf('abcd');
    for (const id of 'bcd') attempts(id, 20, success, 10);
    for (let round = 0; round < 10; round += 1) {
      attempts('a', 1, success, 10);
      attempts('a', 1, failure('status'), 10);
    }
    expect(peer('a').ejection?.reason).toBe('failure-share');
  });

  it('is found by comparing, when a tick is due, where no single attempt says so', () => {
    const { pool, attempts, peer, picks } = poolOf('abc');
    for (let second = 0; second < 10; second += 1) {
      for (const id of 'abc') attempts(id, 12, success, second * 1000);
      attempts('a', 3, failure('status'), second * 1000);
    }
    expect(peer('a').ejection).toBeUndefined();
    pool.tick(9500);
    expect(peer('a').ejection?.reason).toBe('success-rate');
    expect(picks(9500)).toBe('bc');
  });

  it('is found by its latency where that is asked for', () => {
    const detectors = () => [...defaultDetectors(), new LatencyOutlier()];
    const { pool, peer } = poolOf('abc', { ejection: { detectors } });
    for (const id of 'abc') {
      for (let answer = 0; answer < 20; answer += 1) pool.begin(peer(id), 0).end(success, id === 'a' ? 900 : 20);
    }
    pool.tick(2000);
    expect(peer('a').ejection?.reason).toBe('latency');
  });

  it('may be found by any detector that is given', () => {
    const jealous: Detector = {
      reason: 'too-fast',
      watch: () => ({ record: (_outcome, elapsedMs) => elapsedMs < 1, reset: () => undefined }),
    };
    const { attempts, peer } = poolOf('ab', { ejection: { detectors: () => [jealous] } });
    attempts('a', 1, success, 10);
    expect(peer('a').ejection?.reason).toBe('too-fast');
  });

  it('stays for refusing when it is full, and for what its callers gave up', () => {
    const { attempts, peer } = poolOf('abcd');
    attempts('a', 50, failure('overload'), 10);
    attempts('a', 50, ignored, 10);
    attempts('a', 2, timeout, 10);
    attempts('a', 1, failure('overload'), 10);
    attempts('a', 2, timeout, 10);
    expect(peer('a').ejection).toBeUndefined();
  });

  it('stays when ejection is off', () => {
    const { attempts, picks } = poolOf('ab', { ejection: false });
    attempts('a', 50, timeout, 10);
    expect(picks(10)).toBe('ab');
  });
});

describe('the bound', () => {
  it.each([
    { names: 'a', out: 0 },
    { names: 'ab', out: 1 },
    { names: 'abc', out: 1 },
    { names: 'abcd', out: 2 },
    { names: 'abcdefghi', out: 4 },
  ])('has $out ejected when all of $names fail', ({ names, out }) => {
    const { pool, attempts, picks } = poolOf(names, { ejection: { detectors: blunt } });
    for (const id of names) attempts(id, 10, timeout, 10);
    expect(pool.status(10).ejected).toBe(out);
    expect(picks(10)).toHaveLength(names.length - out);
  });

  it('leaves one even when it allows all', () => {
    const { pool, attempts } = poolOf('abc', { ejection: { maxEjectedShare: 1, detectors: blunt }, panicShare: 0 });
    for (const id of 'abc') attempts(id, 10, timeout, 10);
    expect(pool.status(10).ejected).toBe(2);
  });

  it('lets one go when it allows none of two or more', () => {
    const { pool, attempts } = poolOf('abc', { ejection: { maxEjectedShare: 0, detectors: blunt } });
    for (const id of 'abc') attempts(id, 10, timeout, 10);
    expect(pool.status(10).ejected).toBe(1);
  });

  it('does not count those that ask for no work', () => {
    const { pool, attempts, list } = poolOf('abcd', { ejection: { detectors: blunt } });
    pool.update(
      { revision: 2, endpoints: [...list('ab'), ...list('c', { weight: 0 }), ...list('d', { state: 'draining' })] },
      5,
    );
    attempts('c', 9, timeout, 10);
    attempts('d', 9, timeout, 10);
    expect(pool.status(10)).toMatchObject({ candidates: 2, ejected: 0 });
    attempts('a', 9, timeout, 10);
    attempts('b', 9, timeout, 10);
    expect(pool.status(10)).toMatchObject({ candidates: 2, ejected: 1 });
  });
});

describe('an outage of everybody', () => {
  it.each([
    { name: 'no answers', outcome: timeout },
    { name: 'bad answers', outcome: failure('status') },
  ])('of $name, for a minute, is over within two seconds of its end', ({ outcome }) => {
    const { pool } = poolOf('abcd', { ejection: {} });
    const run = (from: number, until: number, ends: Outcome) => {
      let out = 0;
      for (let now = from; now < until; now += 1000 / 300) {
        pool.begin(pool.pickOrThrow({ now }), now).end(ends, now);
        out += pool.status(now).ejected;
      }
      return (out * 1000) / 300 / (until - from);
    };
    run(0, 5000, success);
    // Some are ejected before it is clear that all fail; the rest of the minute it is tried to have them back.
    expect(run(5000, 65_000, outcome)).toBeLessThanOrEqual(2);
    run(65_000, 67_000, success);
    expect(run(67_000, 70_000, success)).toBe(0);
  });

  it('does not take half of the pool away when all fail a third, as three in a row by itself does', () => {
    const meanOut = (ejection: EjectionOptions): number => {
      const random = seededRandom(12);
      const { pool } = poolOf('abcd', { ejection });
      let out = 0;
      for (let request = 0; request < 30_000; request += 1) {
        const now = (request * 1000) / 300;
        pool.begin(pool.pickOrThrow({ now }), now).end(random() < 1 / 3 ? timeout : success, now);
        out += pool.status(now).ejected;
      }
      return out / 30_000;
    };
    expect(meanOut({ detectors: blunt })).toBeGreaterThan(1.8);
    expect(meanOut({})).toBeLessThan(1);
  });
});

describe('the way back', () => {
  /** A pool of four in which `a` was ejected at 10 for a second. */
  const ejected = (options: Partial<PeerPoolOptions> = {}) => {
    const made = poolOf('abcd', options);
    made.attempts('a', 3, timeout, 10);
    return made;
  };

  // Without detectors that sweep, nothing but the probe itself wakes the pool.
  const quiet = { ejection: { jitter: 0, detectors: () => [new ConsecutiveFailures({ side: 'local' })] } };

  it('is one request at a time', () => {
    const { pool, picks, peer } = ejected();
    expect(picks(1009)).toBe('bcd');
    expect(pool.pick({ now: 1010 })?.id).toBe('a');
    const probe = pool.begin(peer('a'), 1010);
    expect(picks(1010)).toBe('bcd');
    expect(picks(25_000)).toBe('bcd');
    expect(peer('a').ejection).toMatchObject({ since: 10, count: 1, probing: true });
    probe.end(success, 25_000);
    expect(peer('a').ejection).toBeUndefined();
    expect(picks(25_000)).toBe('abcd');
  });

  it('goes past what the policy would choose: a load that remembers failures would never let it', () => {
    const { pool } = ejected({ policy: policies.p2c() });
    for (const one of pool.peers) if (one.id === 'a') for (let old = 0; old < 50; old += 1) one.load.begin(0);
    expect(pool.pick({ now: 1010 })?.id).toBe('a');
  });

  it('passes by peers that are full', () => {
    const { pool, peer } = ejected();
    peer('a').limit = 0;
    expect(pool.pick({ now: 1010 })?.id).not.toBe('a');
    peer('a').limit = 1;
    expect(pool.pick({ now: 1010 })?.id).toBe('a');
  });

  it('is not for requests that have failed once, unless there is nobody else', () => {
    const { pool, peer } = ejected();
    const tried = new Set([peer('b')]);
    expect(pool.pick({ now: 1010, exclude: tried })?.id).not.toBe('a');
    for (const id of 'cd') tried.add(peer(id));
    expect(pool.pick({ now: 1010, exclude: tried })?.id).toBe('a');
    // It is on its way to one of them now, so there really is nobody left.
    expect(pool.pick({ now: 1010, exclude: tried })).toBeUndefined();
  });

  it('is for requests that go past peers without having failed, where they say so', () => {
    const { pool, peer } = ejected();
    const elsewhere = new Set([peer('b')]);
    expect(pool.pick({ now: 1010, exclude: elsewhere, retry: true })?.id).not.toBe('a');
    expect(pool.pick({ now: 1010, exclude: elsewhere, retry: false })?.id).toBe('a');
    expect(ejected().pool.pick({ now: 1010, retry: true })?.id).not.toBe('a');
  });

  it('is a second longer each time that the probe fails', () => {
    const { pool, peer } = ejected(quiet);
    let now = 10;
    for (const seconds of [1, 2, 3, 4]) {
      expect(peer('a').ejection).toMatchObject({ count: seconds, since: 10, reason: 'consecutive-local' });
      now += seconds * 1000;
      expect(pool.pick({ now: now - 1 })?.id).not.toBe('a');
      const probe = pool.pick({ now })!;
      expect(probe.id).toBe('a');
      pool.begin(probe, now).end(timeout, now);
    }
  });

  it('is never longer than half a minute', () => {
    const { pool, peer } = ejected();
    for (let probe = 0; probe < 60; probe += 1) {
      const { until } = peer('a').ejection!;
      pool.begin(pool.pick({ now: until })!, until).end(timeout, until);
    }
    const { until, count } = peer('a').ejection!;
    pool.pick({ now: until });
    expect(count).toBe(61);
    expect(peer('a').ejection!.until - until).toBe(1000);
    pool.begin(peer('a'), until).end(timeout, until);
    expect(peer('a').ejection!.until - until).toBe(30_000);
  });

  it('does not get longer while most of the pool fails', () => {
    const { pool, peer, attempts } = ejected();
    attempts('b', 20, failure('status'), 1000);
    pool.begin(pool.pick({ now: 1010 })!, 1010).end(timeout, 1010);
    expect(peer('a').ejection).toMatchObject({ count: 1, until: 2010 });
  });

  it('varies by a fifth up and down', () => {
    const durations = Array.from({ length: 200 }, (_, seed) => {
      const { attempts, peer } = poolOf('ab', { ejection: {}, random: seededRandom(seed) });
      attempts('a', 3, timeout, 0);
      return peer('a').ejection!.until;
    });
    expect(Math.min(...durations)).toBeGreaterThanOrEqual(800);
    expect(Math.max(...durations)).toBeLessThanOrEqual(1200);
    expect(Math.max(...durations) - Math.min(...durations)).toBeGreaterThan(350);
  });

  it('forgets one ejection for each ten seconds of good health', () => {
    const { pool, peer, attempts } = ejected();
    for (const seconds of [1, 2]) {
      const now = 10 + (seconds === 1 ? 1000 : 3000);
      pool.begin(pool.pick({ now })!, now).end(seconds === 1 ? timeout : success, now);
    }
    // Two in a row so far, and back at 3010. Ten seconds later one is forgotten, so the next is the second again.
    attempts('a', 3, timeout, 13_010);
    expect(peer('a').ejection?.count).toBe(2);
  });

  it('is not closed by old attempts that fail late, nor opened by one that succeeds late', () => {
    const { pool, peer, attempts } = poolOf('abcd');
    const old = Array.from({ length: 10 }, () => pool.begin(peer('a'), 0));
    attempts('a', 3, timeout, 10);
    for (const attempt of old.slice(0, 5)) attempt.end(timeout, 500);
    expect(peer('a').ejection).toMatchObject({ count: 1, until: 1010 });
    const probe = pool.begin(pool.pick({ now: 1010 })!, 1010);
    old[5]!.end(success, 1020);
    old[6]!.end(timeout, 1020);
    expect(peer('a').ejection).toMatchObject({ count: 1, probing: true });
    probe.end(success, 1030);
    expect(peer('a').ejection).toBeUndefined();
    // Nor do the last of them count against it now.
    for (const attempt of old.slice(7)) attempt.end(timeout, 1040);
    expect(peer('a').ejection).toBeUndefined();
  });

  it('takes another request when the first one told nothing', () => {
    const { pool, peer } = ejected(quiet);
    pool.begin(pool.pick({ now: 1010 })!, 1010).end(ignored, 1020);
    expect(pool.pick({ now: 1020 })?.id).toBe('a');
    pool.begin(peer('a'), 1020).end(failure('overload', 500), 1030);
    expect(pool.pick({ now: 1529 })?.id).not.toBe('a');
    expect(pool.pick({ now: 1530 })?.id).toBe('a');
    pool.begin(peer('a'), 1530).end(failure('overload'), 1530);
    expect(pool.pick({ now: 2529 })?.id).not.toBe('a');
    expect(pool.pick({ now: 2530 })?.id).toBe('a');
  });

  it('is offered again when whoever was sent there never went', () => {
    const { pool } = ejected(quiet);
    expect(pool.pick({ now: 1010 })?.id).toBe('a');
    expect(pool.pick({ now: 2009 })?.id).not.toBe('a');
    expect(pool.pick({ now: 2010 })?.id).toBe('a');
  });

  it('is offered again when the probe hangs for half a minute, and the later one decides', () => {
    const { pool, peer } = ejected(quiet);
    const stream = pool.begin(pool.pick({ now: 1010 })!, 1010);
    expect(pool.pick({ now: 31_009 })?.id).not.toBe('a');
    const second = pool.begin(pool.pick({ now: 31_010 })!, 31_010);
    stream.end(success, 31_020);
    expect(peer('a').ejection?.probing).toBe(true);
    second.end(success, 31_030);
    expect(peer('a').ejection).toBeUndefined();
  });

  it('begins with a clean slate', () => {
    const { pool, peer, attempts } = ejected();
    pool.begin(pool.pick({ now: 1010 })!, 1010).end(success, 1010);
    attempts('a', 2, timeout, 1010);
    expect(peer('a').ejection).toBeUndefined();
  });

  it('is closed to a peer that has left, or that asks for no work, and opens when it asks again', () => {
    const { pool, peer, picks, list } = ejected();
    pool.eject(peer('b'), 'operator', 10);
    pool.update({ revision: 2, endpoints: [...list('a', { state: 'draining' }), ...list('cd')] }, 500);
    expect(picks(2000)).toBe('cd');
    pool.update({ revision: 3, endpoints: list('acd') }, 2000);
    expect(pool.pick({ now: 2000 })?.id).toBe('a');
  });

  it('ends with a load that knows nothing of the failures, or it would stay idle for what the time out was for', () => {
    for (const policy of [policies.p2cLatency(), policies.p2cPeakEwma()]) {
      const { pool, peer, attempts, picks } = poolOf('abcd', { policy });
      for (const id of 'abcd') pool.begin(peer(id), 0).end(success, 20);
      attempts('a', 3, timeout, 500);
      for (const id of 'bcd') pool.begin(peer(id), 1510).end(success, 1530);
      pool.begin(pool.pick({ now: 1510 })!, 1510).end(success, 1530);
      expect(picks(1530)).toBe('abcd');
    }
  });

  it('ends in slow start', () => {
    const { pool, peer } = ejected({ slowStart: {} });
    pool.begin(pool.pick({ now: 20_000 })!, 20_000).end(success, 20_000);
    pool.pick({ now: 20_000 });
    expect([peer('a').weight, peer('b').weight]).toEqual([0.1, 1]);
    expect(pool.status(20_000).peers[0]?.state).toBe('warming');
    pool.pick({ now: 25_000 });
    expect(peer('a').weight).toBeCloseTo(0.5, 9);
    pool.pick({ now: 30_000 });
    expect(peer('a').weight).toBe(1);
  });

  it('stays closed to a peer that was set aside for good, whatever it answers in panic, until somebody restores it', () => {
    const { pool, peer, attempts, picks } = poolOf('abcd', { ejection: { jitter: 0, maxEjectedShare: 1 } });
    expect(pool.eject(peer('a'), 'operator', 10, Infinity)).toBe(true);
    expect(picks(1_000_000)).toBe('bcd');
    for (const id of 'bc') pool.eject(peer(id), 'operator', 1_000_000, Infinity);
    expect(picks(1_000_000)).toBe('abcd');
    attempts('a', 10, success, 1_000_000);
    attempts('a', 10, timeout, 1_000_000);
    expect(peer('a').ejection).toMatchObject({ since: 10, until: Infinity, probing: false });
    expect(pool.restore(peer('a'), 1_000_001)).toBe(true);
    expect(picks(1_000_001)).toBe('ad');
  });

  it('may be ordered, and so may the way out', () => {
    const { pool, peer, picks } = poolOf('abcd');
    expect(pool.eject(peer('a'), 'active-check', 10)).toBe(true);
    expect(pool.eject(peer('a'), 'active-check', 10)).toBe(false);
    expect(peer('a').ejection).toMatchObject({ reason: 'active-check', until: 1010 });
    expect(picks(10)).toBe('bcd');
    expect(pool.restore(peer('a'), 20)).toBe(true);
    expect(pool.status(20).ejected).toBe(0);
    expect(pool.restore(peer('a'), 20)).toBe(false);
    expect(picks(20)).toBe('abcd');
    expect([pool.eject(peer('b'), 'x', 30), pool.eject(peer('c'), 'x', 30), pool.eject(peer('d'), 'x', 30)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('a peer that the policy avoids for its failures', () => {
  /** A pool of four that are all warm, in which `a` failed once, at 1000. */
  const avoided = (options: Partial<PeerPoolOptions> = {}, outcome: Outcome = timeout) => {
    const made = poolOf('abcd', { policy: policies.p2cLatency(), ...options });
    for (const id of 'abcd') made.pool.begin(made.peer(id), 0).end(success, 20);
    // As many a second as let it have its turn at any time.
    made.attempts('b', 50, success, 900);
    made.attempts('a', 1, outcome, 1000);
    return made;
  };

  it('is asked a second later, once', () => {
    const { pool, picks, peer } = avoided();
    expect(picks(1999)).toBe('bcd');
    expect(pool.pick({ now: 2000 })?.id).toBe('a');
    expect(peer('a').ejection).toBeUndefined();
    pool.begin(peer('a'), 2000);
    expect(picks(2000)).toBe('bcd');
  });

  it('is asked, too, when it had refused for overload, and not before it said', () => {
    const refusing = avoided({}, failure('overload'));
    expect(refusing.picks(1999)).toBe('bcd');
    expect(refusing.pool.pick({ now: 2000 })?.id).toBe('a');
    const { pool, picks } = avoided({}, failure('overload', 1500));
    expect(picks(2499)).toBe('bcd');
    expect(pool.pick({ now: 2500 })?.id).toBe('a');
  });

  it('is asked again later each time, whatever comes of it, until the policy picks it by itself', () => {
    const { pool, attempts, picks, peer } = avoided();
    let now = 1000;
    for (const [index, outcome] of [success, timeout, success, ignored].entries()) {
      now += (index + 1) * 1000;
      attempts('b', 50, success, now - 1);
      expect(picks(now - 1)).toBe('bcd');
      expect(pool.pick({ now })?.id).toBe('a');
      pool.begin(peer('a'), now).end(outcome, now);
      attempts('b', 50, success, now);
    }
    // What it remembers has faded: the picks are the policy's own, and there is no doubt any more.
    expect(picks(now + 60_000)).toBe('abcd');
    pool.begin(peer('a'), now + 60_000);
    expect(pool.pick({ now: now + 65_000 })?.id).not.toBe('a');
  });

  it('gets to be ejected if it is dead', () => {
    const { pool, attempts, peer } = avoided();
    for (const now of [2000, 4000]) {
      attempts('b', 50, success, now);
      pool.begin(pool.pick({ now })!, now).end(timeout, now);
    }
    expect(peer('a').ejection).toMatchObject({ reason: 'consecutive-local', since: 4000 });
    expect(pool.pick({ now: 4999 })?.id).not.toBe('a');
    expect(pool.pick({ now: 5000 })?.id).toBe('a');
  });

  it('is not asked before its turn would come if all were asked alike', () => {
    const { pool, attempts, peer } = poolOf('abcdefghij', { policy: policies.p2cLatency() });
    for (const { id } of pool.peers) attempts(id, 1, success, 0);
    attempts('b', 1, success, 3000);
    attempts('a', 1, timeout, 3000);
    // Two a second are five seconds for ten peers.
    expect(pool.pick({ now: 7999 })?.id).not.toBe('a');
    expect(pool.pick({ now: 8000 })).toBe(peer('a'));
  });

  it('is asked again when whoever was sent there never went, or never came back', () => {
    const { pool } = avoided();
    expect(pool.pick({ now: 2000 })?.id).toBe('a');
    expect(pool.pick({ now: 2999 })?.id).not.toBe('a');
    const asked = pool.pick({ now: 3000 })!;
    expect(asked.id).toBe('a');
    pool.begin(asked, 3000);
    expect(pool.pick({ now: 32_999 })?.id).not.toBe('a');
    expect(pool.pick({ now: 33_000 })?.id).toBe('a');
  });

  it('is not asked when it has left, drains, or is none that the policy sees', () => {
    const elsewhere = { preference: (peers: readonly Peer[]) => peers.map(({ id }) => (id === 'a' ? 0 : 1)) };
    expect(avoided(elsewhere).picks(2000)).toBe('bcd');
    const { pool, picks, list } = avoided();
    pool.update({ revision: 2, endpoints: [...list('a', { state: 'draining' }), ...list('bcd')] }, 1500);
    expect(picks(2000)).toBe('bcd');
    pool.update({ revision: 3, endpoints: list('bcd') }, 2000);
    expect(picks(2000)).toBe('bcd');
  });

  it('does not keep others from warming up when it refused while nobody was listed', () => {
    const { pool, attempts, peer, list } = poolOf('a', {
      policy: policies.p2cLatency(),
      suspicion: true,
      slowStart: {},
    });
    pool.update({ revision: 2, endpoints: [] }, 0);
    attempts('a', 1, failure('overload'), 1000);
    pool.update({ revision: 3, endpoints: list('ab') }, 20_000);
    expect(peer('b').weight).toBeLessThan(1);
    for (let now = 20_500; now <= 60_000; now += 500) pool.begin(pool.pick({ now })!, now).end(success, now);
    expect(peer('b').weight).toBe(1);
  });

  it('is left alone where failures are to have no consequences, or the policy asks whatever comes of it', () => {
    expect(avoided({ ejection: false }).pool.pick({ now: 2000 })?.id).not.toBe('a');
    const { pool, attempts } = avoided({ policy: policies.maglev() });
    const keyed = (now: number) =>
      tally(1, () => pool.pick({ now, key: 'k' }))
        .keys()
        .next().value;
    const usual = keyed(0);
    for (const id of 'abcd') attempts(id, 1, timeout, 1000);
    expect(keyed(2000)).toBe(usual);
  });
});

describe('panic', () => {
  const crumbling = () => {
    const tiers: string[] = [];
    const made = poolOf('abcd', {
      ejection: { jitter: 0, maxEjectedShare: 1, detectors: blunt },
      onTier: (tier, before) => tiers.push(`${before} > ${tier}`),
    });
    return { ...made, tiers };
  };

  it('has all picked when fewer than half are left, and ends when half are', () => {
    const { pool, attempts, picks, tiers, peer } = crumbling();
    attempts('a', 3, timeout, 10);
    attempts('b', 3, timeout, 10);
    expect(picks(10)).toBe('cd');
    attempts('c', 3, timeout, 10);
    expect(picks(10)).toBe('abcd');
    expect(pool.tier).toBe('panic');
    pool.restore(peer('c'), 20);
    expect(picks(20)).toBe('cd');
    expect(tiers).toEqual(['none > available', 'available > panic', 'panic > available']);
  });

  it('lets an ejected peer prove itself by any request that it is sent', () => {
    const { pool, attempts, peer } = crumbling();
    for (const id of 'abc') attempts(id, 3, timeout, 10);
    pool.pick({ now: 20 });
    attempts('a', 1, timeout, 20);
    expect(peer('a').ejection).toMatchObject({ count: 1, until: 1010 });
    attempts('a', 1, success, 30);
    expect(peer('a').ejection).toBeUndefined();
  });

  it('can be turned off', () => {
    const { attempts, picks } = poolOf('abcd', { ejection: { maxEjectedShare: 1, detectors: blunt }, panicShare: 0 });
    for (const id of 'abc') attempts(id, 3, timeout, 10);
    expect(picks(10)).toBe('d');
  });

  it('is told to whoever traces a pick', () => {
    const { pool, attempts } = crumbling();
    const trace = { reason: '', candidates: [], tier: undefined };
    pool.pick({ now: 0, trace });
    expect(trace.tier).toBe('available');
    for (const id of 'abc') attempts(id, 3, timeout, 10);
    pool.pick({ now: 10, trace });
    expect(trace.tier).toBe('panic');
    pool.pick({ now: 1010, trace });
    expect(trace).toMatchObject({ reason: 'probe', candidates: [{ cost: 0 }] });
  });
});

describe('the last resort', () => {
  it('is whoever drains or weighs nothing, when nobody serves', () => {
    const { pool, list, picks, peer } = poolOf('abc');
    pool.update({ revision: 2, endpoints: [...list('a', { state: 'draining' }), ...list('bc', { weight: 0 })] }, 10);
    expect(picks(10)).toBe('abc');
    expect([pool.tier, peer('b').weight]).toEqual(['last-resort', 1]);
    pool.update(
      { revision: 3, endpoints: [...list('a', { state: 'draining' }), ...list('b', { weight: 0 }), ...list('c')] },
      20,
    );
    expect([picks(20), pool.tier, peer('b').weight]).toEqual(['c', 'available', 0]);
  });
});

describe('slow start', () => {
  const day = 86_400_000;
  const warm = { slowStart: {}, timeOrigin: 1_000_000 * day };

  it('gives a newcomer its weight in tenths of ten seconds', () => {
    const { pool, list, peer } = poolOf('ab', warm);
    pool.update({ revision: 2, endpoints: [...list('ab'), ...list('c', { weight: 3 })] }, 20_000);
    const steps: number[] = [];
    for (let age = 0; age <= 11_000; age += 250) {
      pool.pick({ now: 20_000 + age });
      const weight = Math.round(peer('c').weight * 100) / 100;
      if (weight !== steps.at(-1)) steps.push(weight);
    }
    expect(steps).toEqual([0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3]);
    expect(peer('a').weight).toBe(1);
  });

  it('goes by when the endpoint says that it started, whoever else has restarted', () => {
    const started = (ago: number) => ({ startedAt: 1_000_000 * day - ago });
    const { pool, list, peer } = poolOf('', warm);
    pool.update({ revision: 1, endpoints: [...list('a', started(day)), ...list('b', started(2000)), ...list('c')] }, 0);
    expect([peer('a').weight, peer('b').weight]).toEqual([1, 0.2]);
    // It says nothing, and was there when this pool began: it is the pool that is new.
    expect(peer('c').weight).toBe(1);
    // A clock ahead of ours makes a peer no younger than we know it to be.
    pool.update({ revision: 2, endpoints: [...list('abc'), ...list('d', started(-3_600_000))] }, 10_000);
    pool.pick({ now: 15_000 });
    expect(peer('d').weight).toBeCloseTo(0.5, 9);
  });

  it('has nobody wait for a client that is new itself, where nobody says when it started', () => {
    const { pool, list, peer } = poolOf('ab', warm);
    expect([peer('a').weight, peer('b').weight]).toEqual([1, 1]);
    // And one that the registry lists a moment later is not newer in any way that counts.
    pool.update({ revision: 2, endpoints: list('abc') }, 100);
    expect(peer('c').weight).toBe(1);
  });

  it('changes nothing when all are equally new', () => {
    const { pool, list, peer } = poolOf('', warm);
    pool.update({ revision: 1, endpoints: list('abc', { startedAt: 1_000_000 * day, weight: 2 }) }, 0);
    expect(peer('a').weight).toBe(2);
  });

  it('costs a rebuild a second while somebody warms up, and none when nobody does', () => {
    const policy = policies.random();
    const createPicker = vi.spyOn(policy, 'createPicker');
    const { pool, list } = poolOf('ab', { ...warm, policy });
    pool.update({ revision: 2, endpoints: list('abc') }, 20_000);
    createPicker.mockClear();
    for (let now = 20_000; now < 80_000; now += 10) pool.pick({ now });
    expect(createPicker).toHaveBeenCalledTimes(10);
  });
});

describe('suspects', () => {
  const watched = (names: string, options: Partial<PeerPoolOptions> = {}) => {
    const purged: string[] = [];
    return { ...poolOf(names, { suspicion: true, onPurge: ({ id }) => purged.push(id), ...options }), purged };
  };

  it('stay in the pool, and are picked only when fewer than half of what was there is left', () => {
    const { pool, list, picks } = watched('abcdef');
    const change = pool.update({ revision: 2, endpoints: list('abc') }, 10);
    // Three of six may go; at half there is no panic.
    expect([change.removed.length, change.suspected.length, picks(10)]).toEqual([3, 0, 'abc']);
    const next = pool.update({ revision: 3, endpoints: list('a') }, 20);
    expect(next.suspected.map(({ id }) => id)).toEqual(['b', 'c']);
    expect([pool.tier, picks(20)]).toEqual(['panic', 'abc']);
    // A minute later one is what there should be, and the suspects are left alone.
    expect(picks(60_020)).toBe('a');
  });

  it('are not purged by one failure, but by what would eject them', () => {
    const { pool, attempts, purged, picks } = watched('abcd');
    pool.update({ revision: 2, endpoints: [] }, 10);
    expect(picks(10)).toBe('cd');
    attempts('c', 2, timeout, 20);
    expect(purged).toEqual([]);
    attempts('c', 1, timeout, 20);
    expect([purged, picks(20)]).toEqual([['c'], 'd']);
    attempts('d', 3, timeout, 30);
    expect(() => pool.pickOrThrow({ now: 30 })).toThrow(expect.objectContaining({ reason: 'empty' }));
  });

  it('are dropped by whoever has probed them; those that are listed are not', () => {
    const { pool, peer, list, purged } = watched('abcd');
    pool.update({ revision: 2, endpoints: list('a') }, 10);
    expect(pool.purge(peer('a'), 20)).toBe(false);
    const gone = peer('d');
    expect(pool.purge(gone, 20)).toBe(true);
    expect(pool.purge(gone, 20)).toBe(false);
    expect([purged, pool.size]).toEqual([['d'], 1]);
  });

  it('come back as who they were', () => {
    const { pool, peer, list } = watched('abcd');
    const before = peer('d');
    const attempt = pool.begin(before, 0);
    pool.update({ revision: 2, endpoints: [] }, 10);
    expect(pool.status(10)).toMatchObject({ suspects: 2, tier: 'panic' });
    const change = pool.update({ revision: 3, endpoints: list('abcd') }, 20);
    expect(change.changed.map(({ id }) => id)).toEqual(['c', 'd']);
    expect(change.added.map(({ id }) => id)).toEqual(['a', 'b']);
    expect([peer('d'), before.load.inFlight]).toEqual([before, 1]);
    expect(attempt.end(success, 30)).toBe(true);
  });

  it('stand behind the others, and come back to their places', () => {
    const { pool, list } = watched('abcd');
    const order = () => [...pool.peers].map(({ id }) => id).join('');
    pool.update({ revision: 0, endpoints: list('d') }, 10);
    expect(order()).toBe('dabc');
    pool.update({ revision: 1, endpoints: list('abcd') }, 20);
    expect(order()).toBe('abcd');
  });

  it('are all that another registry does not list, ejected ones too, until they are tried', () => {
    const { pool, peer, attempts, list, picks, purged } = watched('abcd');
    attempts('a', 3, timeout, 0);
    pool.update({ revision: 0, endpoints: list('b') }, 10);
    expect(pool.status(10).peers.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'b serving',
      'a suspect',
      'c suspect',
      'd suspect',
    ]);
    expect(picks(10)).toBe('abcd');
    // In panic it is sent requests like everybody. It was out already; when its time is over, a failure is the last.
    attempts('a', 1, timeout, 20);
    expect(peer('a').ejection?.count).toBe(1);
    pool.update({ revision: 1, endpoints: list('bcd') }, 30);
    expect([purged, [...pool.peers].map(({ id }) => id)]).toEqual([[], ['b', 'c', 'd']]);
  });

  it('do not come of draining', () => {
    const { pool, list, picks } = watched('abcd');
    pool.update({ revision: 2, endpoints: [...list('a'), ...list('bcd', { state: 'draining' })] }, 10);
    // One of one, not one of four.
    expect([pool.tier, pool.status(10).baseline, picks(10)]).toEqual(['available', 1, 'a']);
    const change = pool.update({ revision: 3, endpoints: list('a') }, 20);
    expect([change.removed.length, change.suspected.length]).toEqual([3, 0]);
  });

  it('are unknown to a pool that takes snapshots at their word', () => {
    const { pool, list, picks } = watched('abcdef', { suspicion: false });
    pool.update({ revision: 0, endpoints: list('f') }, 10);
    expect([pool.size, pool.tier, picks(10)]).toEqual([1, 'available', 'f']);
  });
});

describe('events', () => {
  it('say who was ejected, for how long, and who is back', () => {
    const events: string[] = [];
    const { pool, attempts } = poolOf('abcd', {
      onEject: (peer: Peer, { reason, count }: Ejection) => events.push(`${peer.id} out: ${reason} ${count}`),
      onRestore: (peer) => events.push(`${peer.id} back`),
    });
    attempts('a', 3, timeout, 0);
    pool.begin(pool.pick({ now: 1000 })!, 1000).end(timeout, 1000);
    pool.begin(pool.pick({ now: 3000 })!, 3000).end(success, 3000);
    expect(events).toEqual(['a out: consecutive-local 1', 'a out: consecutive-local 2', 'a back']);
  });

  it('may call the pool', () => {
    const seen: (string | undefined)[] = [];
    const { pool, attempts, list } = poolOf('abcd', {
      onEject: (peer) => {
        seen.push(pool.pick({ now: 10 })?.id);
        pool.update({ revision: 2, endpoints: list('bcd') }, 10);
        expect([...pool.peers]).not.toContain(peer);
      },
    });
    attempts('a', 3, timeout, 10);
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toBe('a');
    expect(pool.status(10)).toMatchObject({ ejected: 0, candidates: 3 });
  });
});

describe('a large pool', () => {
  it('is rebuilt no more often than a twentieth of the time can bear, however many peers fail at once', () => {
    const policy = policies.random();
    const createPicker = vi.spyOn(policy, 'createPicker');
    const pool = new PeerPool({ policy, random: seededRandom(1), slowStart: false, ejection: { detectors: blunt } });
    const endpoints = Array.from({ length: 1100 }, (_, index) => endpoint(`p${index}`));
    pool.update({ revision: 1, endpoints }, 0);
    createPicker.mockClear();
    const peers = [...pool.peers];
    for (let step = 0; step < 500; step += 1) {
      const now = step / 10;
      for (let failed = 0; failed < 3; failed += 1) pool.begin(peers[step]!, now).end(timeout, now);
      pool.pick({ now });
    }
    expect(pool.status(50).ejected).toBe(500);
    // 50 ms, and 2 ms to be left between two: (1100 − 100) / 500.
    expect(createPicker.mock.calls.length).toBeGreaterThanOrEqual(20);
    expect(createPicker.mock.calls.length).toBeLessThanOrEqual(26);
    expect(pool.pick({ now: 52 })?.ejection).toBeUndefined();
    expect(createPicker.mock.lastCall?.[0]).toHaveLength(600);
  });

  it('does not probe a peer that was restored while it waited for that', () => {
    const pool = new PeerPool({
      policy: policies.random(),
      random: seededRandom(1),
      slowStart: false,
      ejection: { detectors: blunt },
    });
    pool.update({ revision: 1, endpoints: Array.from({ length: 400 }, (_, index) => endpoint(`p${index}`)) }, 0);
    const [first, second] = pool.peers;
    pool.eject(first!, 'operator', 0);
    pool.eject(second!, 'operator', 0);
    const probed = pool.pick({ now: 2000 });
    const waiting = probed === first ? second! : first!;
    expect(waiting.ejection).toMatchObject({ probing: false });
    pool.restore(waiting, 2000);
    pool.pick({ now: 2000 });
    expect(waiting.ejection).toBeUndefined();
  });

  it('sends each of many ejected peers its own probe', () => {
    const pool = new PeerPool({
      policy: policies.random(),
      random: seededRandom(1),
      slowStart: false,
      ejection: { detectors: blunt },
    });
    const endpoints = Array.from({ length: 400 }, (_, index) => endpoint(`p${index}`));
    pool.update({ revision: 1, endpoints }, 0);
    for (const peer of [...pool.peers].slice(0, 200)) {
      for (let failed = 0; failed < 3; failed += 1) pool.begin(peer, 0).end(timeout, 0);
    }
    const probed = tally(300, () => {
      const peer = pool.pick({ now: 2000 });
      return peer?.ejection === undefined ? undefined : peer;
    });
    expect(probed.get('none')).toBe(100);
    expect(probed.size).toBe(201);
  });
});
