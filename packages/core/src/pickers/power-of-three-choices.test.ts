import { expect, it } from 'vitest';

import { success } from '../outcome.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { manyPeers, peersOf, tally } from '../testing.ts';
import { PowerOfThreeChoices, threeChoices } from './power-of-three-choices.ts';
import { PowerOfTwoChoices } from './power-of-two-choices.ts';

const context = { now: 0 };

it('finds the one idle peer of three in every pick, where pairs find it in two of three', () => {
  const peers = peersOf(1, 1, 1);
  for (const peer of peers.slice(1)) peer.load.begin(0);
  const picker = threeChoices(peers, seededRandom(5));
  const pairs = new PowerOfTwoChoices(peers, seededRandom(5));
  expect(tally(9000, () => picker.pick(context)).get('a')).toBe(9000);
  expect(tally(9000, () => pairs.pick(context)).get('a')).toEqual(expect.closeTo(6000, -2.5));
});

it.each([
  { weight: 0.5, least: 0.999 },
  { weight: 0.25, least: 0.3, most: 0.75 },
  { weight: 0.05, least: 0.05, most: 0.12 },
])('finds the one idle peer of a weight of $weight in $least of all picks', ({ weight, least, most = 1 }) => {
  const peers = peersOf(1, 1, weight);
  for (const peer of peers.slice(0, 2)) peer.load.begin(0);
  const picker = threeChoices(peers, seededRandom(6));
  const share = (tally(10_000, () => picker.pick(context)).get('c') ?? 0) / 10_000;
  expect(share).toBeGreaterThan(least);
  expect(share).toBeLessThanOrEqual(most);
});

it('leaves an idle pool to the weights, however little the costs of its peers differ', () => {
  const policy = policies.p2cLatency();
  const peers = peersOf(1, 2, 3);
  for (const [index, peer] of peers.entries()) {
    peer.load = policy.createLoad(0);
    peer.load.begin(0);
    peer.load.end(10 + index / 1000, success, 10);
  }
  const shareOfFirst = (): number => {
    const picker = threeChoices(peers, seededRandom(8));
    return (tally(10_000, () => picker.pick({ now: 10 })).get('a') ?? 0) / 10_000;
  };
  // In 43 % of the pairs, and one in six of the rest.
  expect(shareOfFirst()).toBeCloseTo(0.53, 1);
  for (const peer of peers.slice(1)) peer.load.begin(10);
  expect(shareOfFirst()).toBe(1);
});

it('compares a peer of little weight as seldom as its weight says, however idle all are', () => {
  const peers = peersOf(1, 1, 0.01);
  for (const peer of peers.slice(0, 2)) peer.load.begin(0);
  const picker = threeChoices(peers, seededRandom(6));
  // In one pair of a hundred and one of two hundred thirds, and once more where a heavier one was drawn first.
  expect(tally(10_000, () => picker.pick(context)).get('c')! / 10_000).toBeLessThan(0.03);
});

it('gives the large one of three whose weights are the wrong way round the half that it can do', () => {
  const policy = policies.p2cLatency();
  const share = (create: typeof threeChoices): number => {
    const peers = peersOf(3, 2, 1);
    for (const peer of peers) {
      peer.load = policy.createLoad(0);
      peer.load.begin(0);
      peer.load.end(10, success, 10);
    }
    // Two that are known to be slow.
    for (const peer of peers.slice(0, 2)) for (let begun = 0; begun < 20; begun += 1) peer.load.begin(10);
    const picker = create(peers, seededRandom(7));
    return tally(10_000, () => picker.pick({ now: 10 })).get('c')! / 10_000;
  };
  expect(share((peers, random, previous) => new PowerOfTwoChoices(peers, random, previous))).toBeLessThan(0.44);
  expect(share(threeChoices)).toBeGreaterThan(0.5);
});

it('says what it compared, and what each cost', () => {
  const peers = peersOf(1, 1, 1);
  const picker = threeChoices(peers, seededRandom(2));
  const seen = new Set<string>();
  for (let pick = 0; pick < 100; pick += 1) {
    if (pick === 50)
      for (const [index, peer] of peers.entries()) for (let begun = index; begun > 0; begun -= 1) peer.load.begin(0);
    const trace = { reason: '', candidates: [] };
    const picked = picker.pick({ now: 0, trace });
    const costs = trace.candidates.map(({ cost }) => cost);
    expect(trace.candidates[0]).toEqual({ peer: picked, cost: Math.min(...costs) });
    seen.add(`${trace.reason}: ${trace.candidates.length}`);
  }
  expect([...seen].toSorted()).toEqual(['cheaper of two: 2', 'cheapest of three: 3']);
});

it.each([
  [1, PowerOfTwoChoices],
  [2, PowerOfTwoChoices],
  [3, PowerOfThreeChoices],
  [100, PowerOfThreeChoices],
  [101, PowerOfTwoChoices],
])('of %i peers is a %o, and hands over to any other', (size, kind) => {
  const policy = policies.p2cLatency();
  const peers = manyPeers(101);
  for (const peer of peers) peer.load = policy.createLoad(0);
  peers[0]!.load.begin(0);
  const picker = threeChoices(peers.slice(0, size), seededRandom(1));
  expect(picker).toBeInstanceOf(kind);
  for (const next of [2, 3, 101]) {
    const after = threeChoices(peers.slice(0, next), seededRandom(1), picker);
    expect(after.pick(context)).toBeDefined();
    expect(peers[0]!.load.inFlight).toBe(1);
  }
});
