/** What is compared with what must be the same thing. */
import { Peer, policies, type Policy, seededRandom } from '@lb/core';
import HashRing from 'hashring';
import { expect, it } from 'vitest';

import { createSubject, hashes } from './subjects.ts';

function peersOf(policy: Policy, servers: Readonly<Record<string, number>>): Peer[] {
  return Object.entries(servers).map(([name, weight]) => {
    const endpoint = { id: name, origin: `http://${name}`, weight, state: 'serving' as const, metadata: {} };
    return new Peer(endpoint, policy.createLoad(0));
  });
}

const equal = (size: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: size }, (_, index) => [`10.0.0.${index + 1}:11211`, 1]));

it.each([
  { name: 'one', servers: equal(1) },
  { name: 'three equal', servers: equal(3) },
  { name: 'a hundred equal', servers: equal(100) },
  { name: 'weights 1:2:3', servers: { '10.0.0.1:11211': 1, '10.0.0.2:11211': 2, '10.0.0.3:8080': 3 } },
  { name: 'weights 300:100:50:50', servers: { 'a:1': 300, 'b:2': 100, 'c:3': 50, 'd:4': 50 } },
])('lays every key where hashring does, among $name', ({ servers }) => {
  const policy = policies.ketama({ as: 'libketama' });
  const picker = policy.createPicker(peersOf(policy, servers), seededRandom(1));
  const ring = new HashRing(servers);
  for (let number = 0; number < 5000; number += 1) {
    const key = `user:${number}`;
    expect(picker.pick({ now: 0, key })?.id).toBe(ring.get(key));
  }
});

it.each([
  'bare random index',
  'load-balancers random',
  'load-balancers p2c',
  'hashring, many keys',
  'consistent-hash, many keys',
  'grpc-js round_robin',
  'grpc-js weighted_round_robin',
  ...hashes,
])('has %s pick each of ten', (name) => {
  const subject = createSubject(name, 10);
  // What tells one from another: an index, a name, a peer's id, or the origin of what it connects to.
  const told = (picked: unknown): string => JSON.stringify(picked, ['id', 'origin', 'subchannel']);
  expect(new Set(Array.from({ length: 2000 }, () => told(subject.pick()))).size).toBe(10);
});
