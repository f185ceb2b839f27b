import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { success } from '../outcome.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint, manyPeers } from '../testing.ts';

const inner = [
  { name: 'rendezvous', create: () => policies.rendezvous() },
  // A smaller table than usual, since each run fills one.
  { name: 'maglev', create: () => policies.maglev({ tableSize: 251 }) },
  { name: 'ketama', create: () => policies.ketama() },
  { name: 'jump', create: () => policies.jump() },
];

describe.each(inner)('over $name', ({ create }) => {
  it('lets no peer hold more than its cap, and always finds one that may', () => {
    const weight = fc.constantFrom(0.5, 1, 2, 3);
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const), key: fc.constantFrom('a', 'b', 'c') }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat() }) },
    );
    const weights = fc.array(weight, { minLength: 1, maxLength: 6 });
    const excess = fc.constantFrom(0.1, 0.25, 1);
    fc.assert(
      fc.property(weights, excess, fc.array(step, { maxLength: 40 }), (list, slack, steps) => {
        const policy = policies.boundedLoad(create(), { excess: slack });
        let peers = list.map((each, index) => new Peer(endpoint(`p${index}`, { weight: each }), policy.createLoad(0)));
        let picker = policy.createPicker(peers, seededRandom(1));
        const begun: Peer[] = [];
        for (const each of steps) {
          if (each.kind === 'begin') {
            // The model counts anew what the loads keep.
            const held = peers.reduce((sum, { load }) => sum + load.inFlight, 0);
            const total = peers.reduce((sum, peer) => sum + peer.weight, 0);
            const peer = picker.pick({ now: 0, key: each.key })!;
            peer.load.begin(0);
            begun.push(peer);
            // In hundredths, where every product here is whole: rounding must not enter the model.
            const cap = Math.ceil(((100 + 100 * slack) * (held + 1) * (2 * peer.weight)) / (100 * (2 * total)));
            expect(peer.load.inFlight).toBeLessThanOrEqual(cap);
          } else if (each.kind === 'end' && begun.length > 0) {
            begun.splice(each.which % begun.length, 1)[0]!.load.end(1, success, 0);
          } else if (each.kind === 'leave' && peers.length > 1) {
            peers = peers.toSpliced(each.which % peers.length, 1);
            picker = policy.createPicker(peers, seededRandom(1), picker);
          }
        }
      }),
    );
  });

  it('sends a popular key to as many peers as it takes, and back to its owner when it is quiet', () => {
    const policy = policies.boundedLoad(create());
    const peers = manyPeers(10, () => policy.createLoad(0));
    const picker = policy.createPicker(peers, seededRandom(1));
    const owner = picker.pick({ now: 0, key: 'popular' })!;
    for (let begun = 0; begun < 100; begun += 1) picker.pick({ now: 0, key: 'popular' })!.load.begin(0);
    expect(Math.max(...peers.map(({ load }) => load.inFlight))).toBe(13); // ⌈1.25 · 100 / 10⌉
    expect(owner.load.inFlight).toBe(13);
    for (const { load } of peers) while (load.inFlight > 0) load.end(1, success, 0);
    expect(picker.pick({ now: 0, key: 'popular' })).toBe(owner);
  });
});

it.each([
  { excess: 0.1, cap: 110 },
  { excess: 0.25, cap: 125 },
  { excess: 0.5, cap: 150 },
])(
  'fills peers to $cap and no further with 10 000 balls in a hundred bins, one in twenty of them the same, at an excess of $excess',
  ({ excess, cap }) => {
    const policy = policies.boundedLoad(policies.rendezvous(), { excess });
    const peers = manyPeers(100, () => policy.createLoad(0));
    const picker = policy.createPicker(peers, seededRandom(1));
    for (let ball = 0; ball < 10_000; ball += 1) {
      const key = ball % 20 === 0 ? 'popular' : `ball ${ball}`;
      picker.pick({ now: 0, key })!.load.begin(0);
    }
    expect(Math.max(...peers.map(({ load }) => load.inFlight))).toBe(cap);
  },
);

it('goes past the cap rather than refuse, when whoever has room was tried before', () => {
  const policy = policies.boundedLoad(policies.rendezvous());
  const peers = manyPeers(2, () => policy.createLoad(0));
  for (let begun = 0; begun < 5; begun += 1) peers[0]!.load.begin(0);
  const picker = policy.createPicker(peers, seededRandom(1));
  expect(picker.pick({ now: 0, key: 'k', exclude: new Set([peers[1]!]) })).toBe(peers[0]);
});

it('takes a cap that is a whole number for that, though rounding puts it a little above', () => {
  const policy = policies.boundedLoad(policies.rendezvous(), { excess: 0.1 });
  const peers = manyPeers(100, () => policy.createLoad(0));
  const picker = policy.createPicker(peers, seededRandom(1));
  const owner = picker.pick({ now: 0, key: 'k' })!;
  // 9 999 in flight and one to come: 1.1 · 10 000 / 100 is 110, and comes out as 110.00000000000001.
  const hold = (peer: Peer, count: number) => {
    while (peer.load.inFlight < count) peer.load.begin(0);
  };
  hold(owner, 110);
  const others = peers.filter((peer) => peer !== owner);
  for (const [index, peer] of others.entries()) hold(peer, index < 88 ? 100 : 99);
  expect(peers.reduce((sum, { load }) => sum + load.inFlight, 0)).toBe(9999);
  expect(picker.pick({ now: 0, key: 'k' })).not.toBe(owner);
});

it('counts an attempt that is ended twice once', () => {
  const policy = policies.boundedLoad(policies.rendezvous());
  const peers = manyPeers(2, () => policy.createLoad(0));
  const picker = policy.createPicker(peers, seededRandom(1));
  const owner = picker.pick({ now: 0, key: 'k' })!;
  owner.load.begin(0);
  owner.load.end(1, success, 1);
  owner.load.end(1, success, 1);
  owner.load.begin(1);
  // One in flight and one to come: ⌈1.25 · 2 / 2⌉ is 2. With the second end counted it would be 1.
  expect(picker.pick({ now: 1, key: 'k' })).toBe(owner);
});
