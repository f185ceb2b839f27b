import { expect, it } from 'vitest';

import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import type { Picker } from '../policy.ts';
import { seededRandom } from '../random.ts';
import { endpoint, tally } from '../testing.ts';

const policy = policies.orcaWeightedRoundRobin({ blackoutMs: 0 });

/** Peers a, b, c … that report these requests per second at full use; `undefined` reports nothing. */
function reporting(...rates: readonly (number | undefined)[]): Peer[] {
  return rates.map((rate, index) => {
    const peer = new Peer(endpoint('abc'[index]!), policy.createLoad(0));
    if (rate !== undefined) peer.load.report!({ requestsPerSecond: rate, utilization: 1 }, 0);
    return peer;
  });
}

function shares(picker: Picker, now: number): number[] {
  const counts = tally(60_000, () => picker.pick({ now }));
  return ['a', 'b', 'c'].map((id) => Math.round((counts.get(id) ?? 0) / 600));
}

it.each([
  { rates: [100, 200, 300], expected: [17, 33, 50] },
  // grpc-js takes the mean for a period instead of a weight here, and gives the last 0 % and 98 %.
  { rates: [1000, 1000, undefined], expected: [33, 33, 33] },
  { rates: [0.1, 0.1, undefined], expected: [33, 33, 33] },
  { rates: [100, 300, undefined], expected: [17, 50, 33] },
])('shares by reported weights $rates, the unknown as the mean', ({ rates, expected }) => {
  const picker = policy.createPicker(reporting(...rates), seededRandom(1));
  expect(shares(picker, 0)).toEqual(expected);
});

it('shares by the declared weights while nobody reports', () => {
  const peers = [1, 2, 3].map((weight, index) => new Peer(endpoint('abc'[index]!, { weight }), policy.createLoad(0)));
  expect(shares(policy.createPicker(peers, seededRandom(1)), 0)).toEqual([17, 33, 50]);
});

it('works weights out anew only when they are old', () => {
  const peers = reporting(100, 100, 100);
  const picker = policy.createPicker(peers, seededRandom(1));
  picker.pick({ now: 0 });
  peers[0]!.load.report!({ requestsPerSecond: 400, utilization: 1 }, 1);
  expect(shares(picker, 999)).toEqual([33, 33, 33]);
  expect(shares(picker, 1000)).toEqual([67, 17, 17]);
});

it('lowers the weight of a peer that the pool ramps up, reported or not', () => {
  const peers = reporting(100, 100, undefined);
  peers[0]!.weight = 0.5;
  peers[2]!.weight = 0.5;
  expect(shares(policy.createPicker(peers, seededRandom(1)), 0)).toEqual([25, 50, 25]);
});
