/** What holds for every picker, whatever it chooses by. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Endpoint } from '../endpoint.ts';
import { failure, ignored, type Outcome, success } from '../outcome.ts';
import { isOpen, Peer } from '../peer.ts';
import { PeerPool } from '../peer-pool.ts';
import { policies } from '../policies.ts';
import type { PickTrace, Policy } from '../policy.ts';
import { seededRandom } from '../random.ts';
import { endpoint, tally } from '../testing.ts';
import type { ProbeSource } from './prequal.ts';

/** Answers each probe at once, with what this client has in flight. */
const instantProbes: ProbeSource = {
  probe: (peer, sink) => sink.answered(peer, { inFlight: peer.load.inFlight, latencyMs: 5 }, 0),
};

interface Subject {
  readonly name: string;
  readonly create: () => Policy;
  /** How an idle pool is shared, and how far a share may be off in 20 000 requests; one deviation by chance is 0.35 points. */
  readonly shares: 'by weight' | 'evenly';
  readonly tolerance?: number;
  /** Lays as many points for each unit of weight as nginx does, so that the unit says where. */
  readonly hasUnit?: boolean;
}

const subjects: Subject[] = [
  { name: 'random', create: policies.random, shares: 'evenly' },
  { name: 'weightedRandom', create: policies.weightedRandom, shares: 'by weight' },
  { name: 'roundRobin', create: policies.roundRobin, shares: 'evenly' },
  { name: 'smoothWeightedRoundRobin', create: policies.smoothWeightedRoundRobin, shares: 'by weight' },
  { name: 'staticStride', create: policies.staticStride, shares: 'by weight' },
  { name: 'orcaWeightedRoundRobin', create: () => policies.orcaWeightedRoundRobin(), shares: 'by weight' },
  { name: 'leastLoaded', create: policies.leastLoaded, shares: 'by weight' },
  { name: 'p2c', create: policies.p2c, shares: 'by weight' },
  { name: 'finaglePeakEwma', create: () => policies.finaglePeakEwma(), shares: 'by weight' },
  { name: 'p2cLatency', create: () => policies.p2cLatency(), shares: 'by weight' },
  { name: 'p2cPeakEwma', create: () => policies.p2cPeakEwma(), shares: 'by weight' },
  // Without an answer, it falls back on weights.
  { name: 'prequal', create: () => policies.prequal({ source: { probe: () => {} } }), shares: 'by weight' },
  { name: 'rendezvous', create: () => policies.rendezvous(), shares: 'by weight' },
  { name: 'maglev', create: () => policies.maglev(), shares: 'by weight' },
  // With 160 points a share is even to a twelfth of itself.
  { name: 'ketama', create: () => policies.ketama(), shares: 'by weight', tolerance: 0.06, hasUnit: true },
  {
    name: 'ketama as libketama',
    create: () => policies.ketama({ as: 'libketama' }),
    shares: 'by weight',
    tolerance: 0.06,
  },
  { name: 'jump', create: () => policies.jump(), shares: 'evenly' },
  { name: 'boundedLoad(rendezvous)', create: () => policies.boundedLoad(policies.rendezvous()), shares: 'by weight' },
  { name: 'boundedLoad(maglev)', create: () => policies.boundedLoad(policies.maglev()), shares: 'by weight' },
  {
    name: 'boundedLoad(ketama)',
    create: () => policies.boundedLoad(policies.ketama()),
    shares: 'by weight',
    tolerance: 0.06,
    hasUnit: true,
  },
  { name: 'boundedLoad(jump)', create: () => policies.boundedLoad(policies.jump()), shares: 'evenly' },
  {
    name: 'prequal, answered',
    create: () => policies.prequal({ source: instantProbes }),
    shares: 'evenly',
    // Equal answers are told apart by their age alone, which is no promise of shares.
    tolerance: 1,
  },
];

const weight = fc.oneof(
  fc.constantFrom(1, 2, 3),
  fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
  fc.constantFrom(1e-9, 1e9),
);

describe.each(subjects)('$name', ({ create, shares, tolerance = 0.015 }) => {
  const build = (policy: Policy, weights: readonly number[]): Peer[] =>
    weights.map((each, index) => new Peer(endpoint(`p${index}`, { weight: each }), policy.createLoad(0)));

  it('returns an open peer whenever there is one, and never another', () => {
    const made = fc.record({ weight, full: fc.boolean(), excluded: fc.boolean() });
    fc.assert(
      fc.property(fc.array(made, { minLength: 1, maxLength: 20 }), fc.integer(), (peerStates, seed) => {
        const policy = create();
        const peers = build(
          policy,
          peerStates.map((state) => state.weight),
        );
        const exclude = new Set<Peer>();
        for (const [index, { full, excluded }] of peerStates.entries()) {
          if (full) peers[index]!.limit = 0;
          if (excluded) exclude.add(peers[index]!);
        }
        const picker = policy.createPicker(peers, seededRandom(seed));
        const someOpen = peers.some((candidate) => isOpen(candidate, { now: 0, exclude }));
        for (let pick = 0; pick < 10; pick += 1) {
          const context = { now: 0, exclude, key: `key ${pick}` };
          const picked = picker.pick(context);
          expect(picked !== undefined).toBe(someOpen);
          if (picked !== undefined) expect(isOpen(picked, context)).toBe(true);
        }
      }),
    );
  });

  it(`shares an idle pool of 1:2:3 ${shares}`, () => {
    const policy = create();
    const picker = policy.createPicker(build(policy, [1, 2, 3]), seededRandom(11));
    let key = 0;
    const counts = tally(20_000, () => picker.pick({ now: 0, key: `key ${(key += 1)}` }));
    const expected = shares === 'by weight' ? [1 / 6, 2 / 6, 3 / 6] : [1 / 3, 1 / 3, 1 / 3];
    for (const [index, share] of expected.entries()) {
      expect(Math.abs((counts.get(`p${index}`) ?? 0) / 20_000 - share)).toBeLessThan(tolerance);
    }
  });

  it('picks the same again from the same seed, whether it is asked why or not', () => {
    const run = (trace: PickTrace | undefined) => {
      const policy = create();
      const picker = policy.createPicker(build(policy, [1, 2, 3, 4]), seededRandom(5));
      return Array.from({ length: 50 }, (_, now) => {
        const peer = picker.pick({ now, trace })!;
        if (now % 3 !== 0) peer.load.begin(now);
        return peer.id;
      }).join(' ');
    };
    expect(run({ reason: '', candidates: [] })).toBe(run(undefined));
  });

  it('says why, with the peer it picked first, or that none is open', () => {
    const policy = create();
    const peers = build(policy, [1, 2, 3]);
    const picker = policy.createPicker(peers, seededRandom(5));
    const trace: PickTrace = { reason: '', candidates: [] };
    for (let pick = 0; pick < 30; pick += 1) {
      const picked = picker.pick({ now: pick, key: `key ${pick}`, trace, exclude: new Set([peers[pick % 3]!]) });
      expect(trace.candidates[0]?.peer).toBe(picked);
      expect(new Set(trace.candidates.map(({ peer }) => peer)).size).toBe(trace.candidates.length);
      for (const { cost } of trace.candidates) expect(cost).toBeGreaterThanOrEqual(0);
      expect(trace.reason).not.toBe('');
    }
    picker.pick({ now: 0, exclude: new Set(peers), trace });
    expect(trace).toEqual({ reason: 'none open', candidates: [] });
  });

  it('holds through any sequence of updates, picks and ends, late, doubled or while the clock stands still', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const made = fc.record({ id, weight, maxConcurrency: fc.constantFrom(undefined, 1, 3) });
    const outcome = fc.constantFrom<Outcome>(success, failure('connect'), failure('overload', 2000), ignored);
    const step = fc.oneof(
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('update' as const), endpoints: fc.array(made) }) },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('pick' as const), key: fc.option(id, { nil: undefined }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(), outcome, twice: fc.boolean() }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.double({ min: 0, max: 1e5, noNaN: true }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
        const pool = new PeerPool({ policy: create(), random: seededRandom(seed) });
        /** Slow and obvious: what is in flight on each peer object, and which endpoints there are. */
        const inFlight = new Map<Peer, number>();
        const begun: { peer: Peer; at: number }[] = [];
        let now = 0;
        let revision = 0;
        for (const each of steps) {
          if (each.kind === 'update') {
            const endpoints = each.endpoints.map(({ id: name, ...fields }): Endpoint => endpoint(name, fields));
            pool.update({ revision: (revision += 1), endpoints }, now);
          } else if (each.kind === 'pick') {
            const peer = pool.pick({ now, key: each.key });
            const open = [...pool.peers].filter((one) => (inFlight.get(one) ?? 0) < one.limit);
            expect(peer === undefined).toBe(open.length === 0);
            if (peer === undefined) continue;
            expect(open).toContain(peer);
            peer.load.begin(now);
            begun.push({ peer, at: now });
            inFlight.set(peer, (inFlight.get(peer) ?? 0) + 1);
          } else if (each.kind === 'end' && begun.length > 0) {
            const [attempt] = begun.splice(each.which % begun.length, 1);
            for (let times = each.twice ? 2 : 1; times > 0; times -= 1) {
              attempt!.peer.load.end(now - attempt!.at, each.outcome, now);
              inFlight.set(attempt!.peer, Math.max(0, inFlight.get(attempt!.peer)! - 1));
            }
          } else if (each.kind === 'wait') {
            now += each.ms;
          }
          for (const [peer, count] of inFlight) expect(peer.load.inFlight).toBe(count);
          for (const peer of pool.peers) expect(peer.load.cost(now, peer.weight)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

/** Who is picked by a pool whose weights are given in that unit. */
function picksIn(unit: number, policy: Policy): string {
  const pool = new PeerPool({ policy, random: seededRandom(7) });
  const endpoints = [1, 2, 3, 5].map((each, index) => endpoint(`p${index}`, { weight: each * unit }));
  pool.update({ revision: 1, endpoints }, 0);
  const begun: { peer: Peer; at: number }[] = [];
  const picked: string[] = [];
  for (let now = 0; now < 400; now += 1) {
    const peer = pool.pick({ now, key: `key ${now}` })!;
    picked.push(peer.id);
    peer.load.begin(now);
    begun.push({ peer, at: now });
    // The later a peer comes, the longer it takes.
    for (const each of begun.filter((one) => now - one.at > 5 * Number(one.peer.id.slice(1)))) {
      begun.splice(begun.indexOf(each), 1);
      each.peer.load.end(now - each.at, success, now);
    }
  }
  return picked.join(' ');
}

/** Powers of two, so that nothing is rounded. */
const units = [2 ** -20, 128, 2 ** 20];

describe.each(subjects.filter(({ hasUnit = false }) => !hasUnit))('$name', ({ create }) => {
  it('picks the same where weights are given in another unit', () => {
    for (const unit of units) expect(picksIn(unit, create())).toBe(picksIn(1, create()));
  });
});

describe.each(subjects.filter(({ hasUnit = false }) => hasUnit))('$name', ({ create }) => {
  it('picks otherwise where weights are given in another unit, since they are numbers of points', () => {
    for (const unit of units) expect(picksIn(unit, create())).not.toBe(picksIn(1, create()));
  });
});
