import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Endpoint } from './endpoint.ts';
import { NoEndpointError } from './errors.ts';
import { success } from './outcome.ts';
import { PeerPool } from './peer-pool.ts';
import { policies } from './policies.ts';
import { seededRandom } from './random.ts';
import { endpoint, tally } from './testing.ts';

const pool = (policy = policies.p2c()) => new PeerPool({ policy, random: seededRandom(1), service: 'hash' });
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

  it('lets what is in flight on a removed peer end', () => {
    const subject = pool();
    subject.update({ revision: 1, endpoints: [endpoint('a')] }, 0);
    const peer = subject.pickOrThrow(context);
    peer.load.begin(0);
    subject.update({ revision: 2, endpoints: [] }, 0);
    peer.load.end(5, success, 5);
    expect(peer.load.inFlight).toBe(0);
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

it('refuses options that are not what they should be', () => {
  // @ts-expect-error a policy is needed
  expect(() => new PeerPool({ random: Math.random })).toThrow(/"policy" must be a Policy, got undefined/);
});
