import { expect, it } from 'vitest';

import { seededRandom } from '../random.ts';
import { manyPeers, peersOf, tally } from '../testing.ts';
import { PowerOfTwoChoices } from './power-of-two-choices.ts';

const context = { now: 0 };

it('takes the peer with less in flight for its weight', () => {
  const [small, large] = peersOf(1, 3);
  const picker = new PowerOfTwoChoices([small!, large!], seededRandom(3));
  for (let begun = 0; begun < 2; begun += 1) large!.load.begin(0);
  small!.load.begin(0);
  // 1 of 1 is busier than 2 of 3, and of two peers both are always compared.
  expect(tally(1000, () => picker.pick(context))).toEqual(new Map([['b', 1000]]));
});

it('keeps what is in flight in proportion to weight when requests are held', () => {
  const peers = peersOf(1, 2, 3);
  const picker = new PowerOfTwoChoices(peers, seededRandom(9));
  for (let begun = 0; begun < 600; begun += 1) picker.pick(context)!.load.begin(0);
  expect(peers.map((peer) => peer.load.inFlight)).toEqual([
    expect.closeTo(100, -1),
    expect.closeTo(200, -1),
    expect.closeTo(300, -1),
  ]);
});

it('holds the fullest of 65 536 bins at 3 or 4 balls, where one choice reaches 7 or more', () => {
  // ln ln n / ln 2 + O(1) against ln n / ln ln n; 60 trials measured 3–4 and 7–9.
  const size = 65_536;
  const bins = manyPeers(size);
  const picker = new PowerOfTwoChoices(bins, seededRandom(1));
  for (let ball = 0; ball < size; ball += 1) picker.pick(context)!.load.begin(0);
  expect(Math.max(...bins.map((bin) => bin.load.inFlight))).toBeLessThanOrEqual(4);
});

it('still compares two when most of the pool is closed', () => {
  const peers = manyPeers(40);
  const [busy, idle] = peers;
  for (const peer of peers.slice(2)) peer.limit = 0;
  busy!.load.begin(0);
  const picker = new PowerOfTwoChoices(peers, seededRandom(4));
  const counts = tally(1000, () => picker.pick(context));
  // Eight pairs find both with a chance of one in seven, one of them with a chance of a half; else the whole pool is compared.
  expect(counts.get(idle!.id)).toBeGreaterThan(700);
});

it('compares the two that are left of three when the third was tried', () => {
  const [tried, busy, idle] = peersOf(1, 1, 1);
  busy!.load.begin(0);
  const picker = new PowerOfTwoChoices([tried!, busy!, idle!], seededRandom(8));
  const counts = tally(1000, () => picker.pick({ now: 0, exclude: new Set([tried!]) }));
  expect(counts.get('c')).toBeGreaterThan(990);
});

it('says which two it compared, and what each cost', () => {
  const [small, large] = peersOf(1, 4);
  small!.load.begin(0);
  large!.load.begin(0);
  const trace = { reason: '', candidates: [] };
  new PowerOfTwoChoices([small!, large!], seededRandom(2)).pick({ now: 0, trace });
  expect(trace).toEqual({
    reason: 'cheaper of two',
    candidates: [
      { peer: large, cost: 0.25 },
      { peer: small, cost: 1 },
    ],
  });
});
