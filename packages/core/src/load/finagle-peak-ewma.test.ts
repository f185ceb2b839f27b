import { expect, it } from 'vitest';

import { success } from '../outcome.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint, tally } from '../testing.ts';
import { Decay } from './decay.ts';
import { FinaglePeakEwma } from './finagle-peak-ewma.ts';

it('jumps to a peak and forgets it slowly', () => {
  const load = new FinaglePeakEwma(new Decay(1000), 0);
  const answer = (latency: number, now: number) => {
    load.begin(now - latency);
    load.end(latency, success, now);
  };
  answer(10, 100);
  expect(load.cost(100, 1)).toBe(10);
  answer(500, 1000);
  expect(load.cost(1000, 1)).toBe(500);
  // A time constant later, 36 % of the peak is left, and a fast answer weighs the rest.
  answer(10, 2000);
  expect(load.cost(2000, 1)).toBeCloseTo(500 * 0.356 + 10 * 0.644, 0);
});

it('costs its latency times what is in flight and one more', () => {
  const load = new FinaglePeakEwma(new Decay(1000), 0);
  load.begin(0);
  load.end(20, success, 20);
  load.begin(20);
  load.begin(20);
  expect(load.cost(20, 1)).toBe(60);
});

it('sends a peer without history one request until it has answered, as in Finagle’s test', () => {
  const policy = policies.finaglePeakEwma();
  const known = new Peer(endpoint('known'), policy.createLoad(0));
  const fresh = new Peer(endpoint('fresh'), policy.createLoad(0));
  known.load.begin(0);
  known.load.end(5, success, 5);
  const picker = policy.createPicker([known, fresh], seededRandom(1));
  const counts = tally(1000, () => {
    const peer = picker.pick({ now: 5 })!;
    peer.load.begin(5);
    if (peer === known) peer.load.end(5, success, 5);
    return peer;
  });
  expect(counts.get('fresh')).toBe(1);
});
