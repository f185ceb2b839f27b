import { expect, it } from 'vitest';

import { InFlight } from '../load/in-flight.ts';
import { Peer } from '../peer.ts';
import { seededRandom } from '../random.ts';
import { endpoint } from '../testing.ts';
import { byAge, Jump } from './jump.ts';

it('numbers peers by age and then id, in whatever order they come', () => {
  const made = (id: string, startedAt?: number) => new Peer(endpoint(id, { startedAt }), new InFlight());
  const oldestFirst = [made('z'), made('d', 10), made('b', 20), made('c', 20), made('a', 30)];
  const youngest = oldestFirst[4]!;
  const build = (peers: readonly Peer[]) => new Jump(peers, seededRandom(1), byAge);
  const picker = build(oldestFirst);
  const reversed = build(oldestFirst.toReversed());
  const before = build(oldestFirst.slice(0, 4));
  const seen = new Set<Peer>();
  for (let number = 0; number < 1000; number += 1) {
    const context = { now: 0, key: `key ${number}` };
    const peer = picker.pick(context)!;
    expect(reversed.pick(context)).toBe(peer);
    // Without the youngest, whatever it does not hold stays where it is: that is how a shard is added.
    expect(peer === youngest || before.pick(context) === peer).toBe(true);
    seen.add(peer);
  }
  expect(seen.size).toBe(5);
});
