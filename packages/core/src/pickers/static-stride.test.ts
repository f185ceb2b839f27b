import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { manyPeers, peersOf, tally } from '../testing.ts';
import { StaticStride } from './static-stride.ts';

const context = { now: 0 };

it('passes over peers that are closed and keeps the shares of the rest', () => {
  const peers = peersOf(1, 2, 3);
  peers[1]!.limit = 0;
  const picker = new StaticStride(peers, seededRandom(1));
  const counts = tally(4000, () => picker.pick(context));
  expect([counts.get('a'), counts.get('c')]).toEqual([expect.closeTo(1000, -2), expect.closeTo(3000, -2)]);
});

it('draws among the open when nearly all are closed', () => {
  const peers = manyPeers(100);
  for (const peer of peers.slice(2)) peer.limit = 0;
  const picker = new StaticStride(peers, seededRandom(1));
  const counts = tally(1000, () => picker.pick(context));
  expect([counts.get('p0'), counts.get('p1')]).toEqual([expect.closeTo(500, -2), expect.closeTo(500, -2)]);
});

it('does not start over when the list is rewritten between picks', () => {
  const peers = manyPeers(4);
  let picker = new StaticStride(peers, seededRandom(1));
  const counts = tally(4000, () => {
    picker = new StaticStride(peers, seededRandom(1), picker);
    return picker.pick(context);
  });
  expect([...counts.values()]).toEqual([1000, 1000, 1000, 1000]);
});
