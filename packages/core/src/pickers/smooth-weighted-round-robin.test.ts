import { expect, it } from 'vitest';

import { Peer } from '../peer.ts';
import { InFlight } from '../load/in-flight.ts';
import { seededRandom } from '../random.ts';
import { endpoint, peersOf, tally } from '../testing.ts';
import { SmoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts';

const half = () => 0.5; // starts every peer at credit 0
const context = { now: 0 };

function sequence(picker: SmoothWeightedRoundRobin, length: number): string {
  return Array.from({ length }, () => picker.pick(context)!.id).join(' ');
}

it.each([
  { weights: [5, 1, 1], expected: 'a a b a c a a' }, // nginx commit 52327e06
  { weights: [1, 2, 3], expected: 'c b a c b c' },
  { weights: [6, 3, 1], expected: 'a b a a b a c a b a' },
])('gives the published order for weights $weights', ({ weights, expected }) => {
  expect(sequence(new SmoothWeightedRoundRobin(peersOf(...weights), half), expected.split(' ').length)).toBe(expected);
});

it('gives each peer its exact share over each period, wherever the rotation starts', () => {
  const peers = peersOf(1, 2, 3);
  let state = 0;
  const picker = new SmoothWeightedRoundRobin(peers, () => (state = (state + 0.37) % 1));
  for (let period = 0; period < 50; period += 1) {
    expect(Object.fromEntries(tally(6, () => picker.pick(context)))).toEqual({ a: 1, b: 2, c: 3 });
  }
});

it('goes on where it was when the same peers come back in another order', () => {
  const peers = peersOf(5, 1, 1);
  // Starts of different parts leave no ties, which go by position.
  const whole = sequence(new SmoothWeightedRoundRobin(peers, seededRandom(2)), 14);
  const first = new SmoothWeightedRoundRobin(peers, seededRandom(2));
  const start = sequence(first, 3);
  const second = new SmoothWeightedRoundRobin(peers.toReversed(), half, first);
  expect(`${start} ${sequence(second, 11)}`).toBe(whole);
});

it('does not send a newcomer a burst', () => {
  const peers = peersOf(1, 1, 1, 1);
  const before = new SmoothWeightedRoundRobin(peers, half);
  sequence(before, 10);
  const newcomer = new Peer(endpoint('new'), new InFlight());
  const after = new SmoothWeightedRoundRobin([...peers, newcomer], half, before);
  const picks = sequence(after, 20).split(' ');
  expect(picks.filter((id) => id === 'new')).toHaveLength(4);
  expect(picks.join(' ')).not.toContain('new new');
});
