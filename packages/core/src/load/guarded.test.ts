import { expect, it } from 'vitest';

import { failure, success } from '../outcome.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint, tally } from '../testing.ts';

it.each([
  { name: 'p2cLatency', create: policies.p2cLatency },
  { name: 'p2cPeakEwma', create: policies.p2cPeakEwma },
])('$name never makes the peer that fails at once the favourite', ({ create }) => {
  const policy = create();
  const peers = ['good', 'bad', 'fine'].map((id) => new Peer(endpoint(id), policy.createLoad(0)));
  const picker = policy.createPicker(peers, seededRandom(1));
  let now = 0;
  const counts = tally(3000, () => {
    const peer = picker.pick({ now: (now += 5) })!;
    peer.load.begin(now);
    const elapsed = peer.id === 'bad' ? 1 : 10;
    peer.load.end(elapsed, peer.id === 'bad' ? failure('status') : success, now + elapsed);
    return peer;
  });
  expect(counts.get('bad')).toBeLessThan(60);
});
