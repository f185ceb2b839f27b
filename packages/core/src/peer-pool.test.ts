import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import type { Attempt } from './attempt.ts';
import type { Endpoint } from './endpoint.ts';
import { NoEndpointError } from './errors.ts';
import { AimdLimiter } from './limit/aimd-limiter.ts';
import type { Limiter } from './limit/limiter.ts';
import { failure, success } from './outcome.ts';
import { PeerPool } from './peer-pool.ts';
import { policies } from './policies.ts';
import type { PeerPoolOptions } from './pool-options.ts';
import { preferZone } from './preference/zone.ts';
import { seededRandom } from './random.ts';
import { randomSubset } from './subset/random-subset.ts';
import { endpoint, tally } from './testing.ts';

const pool = (policy = policies.p2c(), options: Partial<PeerPoolOptions> = {}) =>
  new PeerPool({ policy, random: seededRandom(1), service: 'hash', ...options });
const context = { now: 0 };

describe('an update', () => {
  it('keeps the peer of an id that is still there, and says what came, left and changed', () => {
    const subject = pool();
    subject.update({ revision: 1, endpoints: [endpoint('a'), endpoint('b')] }, 0);
    const [a, b] = subject.peers;
    a!.load.begin(0);

    const change = subject.update({ revision: 2, endpoints: [endpoint('c'), endpoint('a', { weight: 2 })] }, 0);

    expect(change.removed).toEqual([b]);
    expect(change.changed).toEqual([a]);
    expect(change.added.map((peer) => peer.id)).toEqual(['c']);
    expect([a!.load.inFlight, a!.weight, subject.revision]).toEqual([1, 2, 2]);
  });

  it('holds exactly what the last snapshot says, after any sequence of them', () => {
    const made = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      weight: fc.constantFrom(undefined, 0, 1, 5),
      state: fc.constantFrom('serving' as const, 'draining' as const),
    });
    fc.assert(
      fc.property(fc.array(fc.array(made, { maxLength: 8 }), { maxLength: 20 }), (snapshots) => {
        const subject = pool();
        const firstSeen = new Map<string, object>();
        for (const [revision, fields] of snapshots.entries()) {
          const endpoints = fields.map(({ id, ...rest }): Endpoint => endpoint(id, rest));
          subject.update({ revision, endpoints }, revision);

          const model = new Map(endpoints.map((one) => [one.id, one]));
          expect(new Map([...subject.peers].map((peer) => [peer.id, peer.endpoint]))).toEqual(model);
          for (const id of firstSeen.keys()) if (!model.has(id)) firstSeen.delete(id);
          for (const peer of subject.peers) {
            expect(firstSeen.get(peer.id) ?? peer).toBe(peer);
            firstSeen.set(peer.id, peer);
          }

          const wanted = endpoints.length === 0 ? undefined : subject.pick({ now: revision });
          expect(wanted === undefined).toBe(model.size === 0);
          const better = [...model.values()].some((one) => one.state === 'serving' && one.weight !== 0);
          if (wanted !== undefined && better) {
            expect([wanted.endpoint.state, wanted.endpoint.weight === 0]).toEqual(['serving', false]);
          }
        }
      }),
    );
  });

  it('keeps peers in the order of the snapshot', () => {
    const subject = pool();
    subject.update({ revision: 1, endpoints: [endpoint('b'), endpoint('d')] }, 0);
    subject.update({ revision: 2, endpoints: ['d', 'a', 'b', 'd', 'c'].map((id) => endpoint(id)) }, 0);
    expect([...subject.peers].map(({ id }) => id).join('')).toBe('dabc');
  });

  it('builds a new picker only when it says something new', () => {
    const policy = policies.p2c();
    const createPicker = vi.spyOn(policy, 'createPicker');
    const subject = pool(policy);
    const fields = { weight: 2, metadata: { version: '1' } };
    subject.update({ revision: 1, endpoints: [endpoint('a', fields), endpoint('b')] }, 0);
    const same = subject.update({ revision: 2, endpoints: [endpoint('b'), endpoint('a', { ...fields })] }, 0);
    expect([same.changed, createPicker.mock.calls.length]).toEqual([[], 1]);
    const metadata = { version: '2' };
    const said = subject.update({ revision: 3, endpoints: [endpoint('b'), endpoint('a', { ...fields, metadata })] }, 0);
    expect([said.changed.length, createPicker.mock.calls.length]).toEqual([1, 2]);
  });

  it('keeps weights that are no use from the policy', () => {
    const subject = pool();
    const weights = [NaN, -1, Infinity, 1e308, 5e-324, 1];
    subject.update({ revision: 1, endpoints: weights.map((weight, index) => endpoint(`p${index}`, { weight })) }, 0);
    expect([...subject.peers].map((peer) => peer.weight)).toEqual([0, 0, 0, 1e100, 1e-100, 1]);
  });
});

describe('a pick', () => {
  it('gives nothing new to an endpoint that drains or weighs 0 while another serves', () => {
    const subject = pool();
    const endpoints = [endpoint('a', { state: 'draining' }), endpoint('b', { weight: 0 }), endpoint('c')];
    subject.update({ revision: 1, endpoints }, 0);
    expect([...tally(100, () => subject.pick(context)).keys()]).toEqual(['c']);
  });

  it('uses those that drain when nobody else is left', () => {
    const subject = pool();
    subject.update({ revision: 1, endpoints: [endpoint('a', { state: 'draining' })] }, 0);
    expect(subject.pick(context)?.id).toBe('a');
  });

  it('never holds more on a peer than its maxConcurrency', () => {
    const subject = pool();
    subject.update({ revision: 1, endpoints: [endpoint('a', { maxConcurrency: 2, weight: 9 }), endpoint('b')] }, 0);
    for (let begun = 0; begun < 50; begun += 1) subject.pickOrThrow(context).load.begin(0);
    expect([...subject.peers].map((peer) => peer.load.inFlight)).toEqual([2, 48]);
  });

  it.each([
    { reason: 'empty', endpoints: [], exclude: false },
    { reason: 'saturated', endpoints: [endpoint('a', { maxConcurrency: 0 })], exclude: false },
    { reason: 'excluded', endpoints: [endpoint('a')], exclude: true },
  ])('says $reason when that is why nobody can be picked', ({ reason, endpoints, exclude }) => {
    const subject = pool();
    subject.update({ revision: 7, endpoints }, 0);
    const tried = new Set(exclude ? subject.peers : []);
    expect(subject.pick({ now: 0, exclude: tried })).toBeUndefined();
    const expected = { code: 'ERR_NO_ENDPOINT', reason, revision: 7, service: 'hash' };
    expect(() => subject.pickOrThrow({ now: 0, exclude: tried })).toThrow(NoEndpointError);
    expect(() => subject.pickOrThrow({ now: 0, exclude: tried })).toThrow(expect.objectContaining(expected));
  });
});

describe('a subset', () => {
  it('decides who is a peer at all, and with what part of its weight', () => {
    const shares = new Map(Object.entries({ a: 1, b: 0.25, c: 0, ghost: 1 }));
    const subject = pool(policies.p2c(), { subset: () => shares });
    const endpoints = ['a', 'b', 'c', 'd'].map((id) => endpoint(id, { weight: 2 }));
    const change = subject.update({ revision: 1, endpoints }, 0);
    expect(change.added.map(({ id, weight }) => [id, weight])).toEqual([
      ['a', 2],
      ['b', 0.5],
    ]);
    shares.set('a', 0).set('b', 0.75);
    const { removed, changed } = subject.update({ revision: 1, endpoints }, 0);
    expect([removed.map(({ id }) => id), changed.map(({ weight }) => weight)]).toEqual([['a'], [1.5]]);
  });

  it('is asked again at each update, so that clients can come and go', () => {
    let mine = ['a', 'b'];
    const subject = pool(policies.p2c(), { subset: () => new Map(mine.map((id) => [id, 1])) });
    const endpoints = 'abcd'.split('').map((id) => endpoint(id));
    subject.update({ revision: 1, endpoints }, 0);
    const [, b] = subject.peers;
    mine = ['b', 'c'];
    const change = subject.update({ revision: 1, endpoints }, 0);
    expect([change.added.map(({ id }) => id), change.removed.map(({ id }) => id)]).toEqual([['c'], ['a']]);
    expect([...subject.peers]).toContain(b);
  });

  it('leaves no gap to panic about when it moves on', () => {
    let mine = ['a', 'b', 'c', 'd'];
    const subject = pool(policies.p2c(), { suspicion: true, subset: () => new Map(mine.map((id) => [id, 1])) });
    const endpoints = 'abcd'.split('').map((id) => endpoint(id));
    subject.update({ revision: 1, endpoints }, 0);
    mine = ['a'];
    subject.update({ revision: 2, endpoints }, 0);
    expect([subject.tier, subject.status(0).baseline]).toEqual(['available', 1]);
  });

  it('keeps suspects that it has chosen, and no others', () => {
    const subject = pool(policies.p2c(), { suspicion: true, subset: randomSubset({ size: 3, seed: 1 }) });
    const endpoints = 'abcdefgh'.split('').map((id) => endpoint(id));
    subject.update({ revision: 5, endpoints }, 0);
    const chosen = [...subject.peers].map(({ id }) => id);
    const change = subject.update({ revision: 1, endpoints: [] }, 0);
    expect(change.suspected.map(({ id }) => id).toSorted()).toEqual(chosen.toSorted());
  });

  it('knows a suspect for one that it chooses only later', () => {
    let mine = ['a'];
    const subject = pool(policies.p2c(), { suspicion: true, subset: () => new Map(mine.map((id) => [id, 1])) });
    subject.update({ revision: 5, endpoints: [endpoint('a'), endpoint('b')] }, 0);
    subject.update({ revision: 1, endpoints: [endpoint('a')] }, 0);
    mine = ['a', 'b'];
    const change = subject.update({ revision: 2, endpoints: [endpoint('a')] }, 0);
    expect(change.added.map(({ id }) => id)).toEqual(['b']);
    expect(subject.status(0).peers.map(({ id, state }) => [id, state])).toEqual([
      ['a', 'serving'],
      ['b', 'suspect'],
    ]);
  });
});

it('multiplies weights by what a preference says, and leaves out whom it leaves out', () => {
  const preference = preferZone({ zone: 'x', minPeers: 0 });
  const subject = pool(policies.random(), { preference });
  const zones = [endpoint('a', { zone: 'x' }), endpoint('b', { zone: 'y' }), endpoint('c', { zone: 'x', weight: 0 })];
  subject.update({ revision: 1, endpoints: zones }, 0);
  expect([...subject.peers].map((peer) => peer.weight)).toEqual([2, 0, 0]);
  expect([...tally(50, () => subject.pick(context)).keys()]).toEqual(['a']);
  // What prefers nobody is not followed.
  const lost = pool(policies.random(), { preference: (available) => available.map(() => 0) });
  lost.update({ revision: 1, endpoints: zones }, 0);
  expect(lost.pick(context)).toBeDefined();
});

it('closes a peer at the limit that is found for it, and at what it says of itself', () => {
  const found: string[] = [];
  const limiter = ({ id }: Endpoint): Limiter => (found.push(id), new AimdLimiter({ initial: 4 }));
  const subject = pool(policies.p2c(), { limiter });
  subject.update({ revision: 1, endpoints: [endpoint('a'), endpoint('b', { maxConcurrency: 3 })] }, 0);
  const attempts: Attempt[] = [];
  for (let peer = subject.pick(context); peer !== undefined; peer = subject.pick(context)) {
    attempts.push(subject.begin(peer, 0));
  }
  expect(found).toEqual(['a', 'b']);
  expect([...subject.peers].map((peer) => [peer.load.inFlight, peer.limit])).toEqual([
    [4, 4],
    [3, 3],
  ]);
  expect(subject.noEndpoint().reason).toBe('saturated');
  attempts.find(({ peer }) => peer.id === 'a')!.end(failure('overload'), 10);
  expect([...subject.peers].map((peer) => peer.limit)).toEqual([3, 3]);
  subject.update({ revision: 2, endpoints: [endpoint('a'), endpoint('b', { maxConcurrency: 9 })] }, 0);
  expect([...subject.peers].map((peer) => peer.limit)).toEqual([3, 4]);
});

it('describes itself in plain data', () => {
  const subject = pool(policies.p2c(), { suspicion: true, slowStart: false });
  const zone = 'x';
  const listed = [
    endpoint('a', { weight: 2, zone }),
    endpoint('b', { state: 'draining' }),
    endpoint('c'),
    endpoint('d'),
  ];
  subject.update({ revision: 8, endpoints: listed }, 0);
  const [a, , c] = subject.peers;
  subject.begin(a!, 0);
  subject.eject(c!, 'operator', 5);
  subject.update({ revision: 2, endpoints: listed.slice(0, 3) }, 5);
  const status = subject.status(10);
  expect(status).toMatchObject({
    service: 'hash',
    policy: 'p2c',
    revision: 2,
    tier: 'panic',
    candidates: 2,
    ejected: 1,
    baseline: 3,
    suspects: 1,
  });
  expect(
    status.peers.map(({ id, state, weight, effectiveWeight, inFlight }) => [
      id,
      state,
      weight,
      effectiveWeight,
      inFlight,
    ]),
  ).toEqual([
    ['a', 'serving', 2, 2, 1],
    ['b', 'draining', 1, 0, 0],
    ['c', 'ejected', 1, 1, 0],
    ['d', 'suspect', 1, 1, 0],
  ]);
  expect(status.peers[2]?.ejection).toMatchObject({ reason: 'operator', since: 5 });
  expect(JSON.parse(JSON.stringify(status))).toMatchObject({
    peers: [{ zone: 'x', origin: 'http://a.test:80' }, {}, {}, {}],
  });
});

it.each([
  { option: 'policy', options: { policy: undefined } },
  { option: 'random', options: { random: 0.5 } },
  { option: 'random', options: { random: undefined } },
  { option: 'limiter', options: { limiter: {} } },
  { option: 'subset', options: { subset: [] } },
  { option: 'preference', options: { preference: 'zone' } },
  { option: 'timeOrigin', options: { timeOrigin: NaN } },
  { option: 'panicShare', options: { panicShare: 50 } },
  { option: 'slowStart.windowMs', options: { slowStart: { windowMs: -1 } } },
  { option: 'suspicion.windowMs', options: { suspicion: { windowMs: -1 } } },
  { option: 'ejection.detectors', options: { ejection: { detectors: [] } } },
  { option: 'ejection.maxEjectedShare', options: { ejection: { maxEjectedShare: 1.5 } } },
  { option: 'ejection.baseMs', options: { ejection: { baseMs: -1 } } },
  { option: 'ejection.capMs', options: { ejection: { baseMs: 100, capMs: 50 } } },
  { option: 'ejection.jitter', options: { ejection: { jitter: 2 } } },
  { option: 'ejection.forgiveMs', options: { ejection: { forgiveMs: 0 } } },
])('refuses $options for $option', ({ option, options }) => {
  const made = { policy: policies.p2c(), random: seededRandom(1), ...options };
  // @ts-expect-error what a caller without types might pass
  expect(() => new PeerPool(made)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }));
});

it('goes on with another policy without losing count of what is in flight', () => {
  const subject = pool(policies.roundRobin());
  subject.update({ revision: 1, endpoints: [endpoint('a'), endpoint('b', { maxConcurrency: 2 })] }, 0);
  const [a, b] = subject.peers;
  const attempts = [subject.begin(b!, 0), subject.begin(b!, 0), subject.begin(a!, 0)];
  subject.usePolicy(policies.leastLoaded(), 10);
  expect(subject.policy.name).toBe('leastLoaded');
  expect([a!.load.inFlight, b!.load.inFlight]).toEqual([1, 2]);
  // Full, as before.
  expect(tally(10, () => subject.pick({ now: 10 }))).toEqual(new Map([['a', 10]]));
  for (const attempt of attempts) attempt.end(success, 20);
  expect([a!.load.inFlight, b!.load.inFlight]).toEqual([0, 0]);
  subject.begin(a!, 20);
  expect(tally(10, () => subject.pick({ now: 20 }))).toEqual(new Map([['b', 10]]));
});

it('can change its policy before there are peers', () => {
  const subject = pool();
  subject.usePolicy(policies.random(), 0);
  expect(subject.pick(context)).toBeUndefined();
  subject.update({ revision: 1, endpoints: [endpoint('a')] }, 0);
  expect(subject.pick(context)?.id).toBe('a');
});
