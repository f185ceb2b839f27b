import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { peersOf, tally } from '../testing.ts';
import { RoundRobin } from './round-robin.ts';

const context = { now: 0 };

it('takes each peer in turn', () => {
  const picker = new RoundRobin(peersOf(1, 1, 1), () => 0);
  expect(Array.from({ length: 5 }, () => picker.pick(context)?.id)).toEqual(['a', 'b', 'c', 'a', 'b']);
});

it('keeps its place by peer when the list is rewritten', () => {
  const peers = peersOf(1, 1, 1, 1);
  const counts = new Map<string, number>();
  let picker = new RoundRobin(peers, () => 0);
  // The list is rewritten after each pick, in an order of its own each time; no peer may gain from that.
  const random = seededRandom(1);
  for (let round = 0; round < 4000; round += 1) {
    const id = picker.pick(context)!.id;
    counts.set(id, (counts.get(id) ?? 0) + 1);
    const order = peers.toSorted(() => random() - 0.5);
    picker = new RoundRobin(order, () => 0, picker);
  }
  for (const count of counts.values()) expect(count).toBeGreaterThan(700);
});

it('goes on after a peer that left', () => {
  const [a, b, c] = peersOf(1, 1, 1);
  const before = new RoundRobin([a!, b!, c!], () => 0);
  before.pick(context);
  const after = new RoundRobin([a!, c!], () => 0, before);
  expect(after.pick(context)?.id).toBe('c');
});

it('starts a fleet of clients at different peers', () => {
  const random = seededRandom(7);
  const counts = tally(3000, () => new RoundRobin(peersOf(1, 1, 1), random).pick(context));
  for (const count of counts.values()) expect(count).toBeGreaterThan(900);
});
