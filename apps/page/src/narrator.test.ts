import { channels as balancing } from '@lb/balancer';
import { type Endpoint, type Peer, type PoolChange, PeerPool, policies, seededRandom, type Snapshot } from '@lb/core';
import { channels as registry } from '@lb/registry';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { EventLog } from './event-log.ts';
import { narrate } from './narrator.ts';

const service = 'hash';
let log: EventLog;
let end: () => void;
let pool: PeerPool;

beforeEach(() => {
  log = new EventLog(() => 1);
  end = narrate(service, log);
  pool = new PeerPool({
    service,
    policy: policies.p2c(),
    random: seededRandom(1),
    suspicion: true,
    onEject: (peer, ejection) => balancing.eject.publish({ service, peer, ejection }),
    onRestore: (peer) => balancing.restore.publish({ service, peer }),
    onTier: (tier, before) => balancing.tier.publish({ service, tier, before }),
  });
});
afterEach(() => end());

const endpoint = (name: string, fields: Partial<Endpoint> = {}): Endpoint => ({
  id: `${name}-1`,
  origin: `http://${name}.test:80`,
  state: 'serving',
  metadata: { name },
  ...fields,
});

function take(revision: number, ...endpoints: Endpoint[]): void {
  const snapshot: Snapshot = { revision, endpoints };
  const change: PoolChange = pool.update(snapshot, revision);
  balancing.update.publish({ service, revision, change });
}

/** What was told since the last time. */
let seen = 0;
function told(): string[] {
  const entries = log.since(seen);
  seen = entries.at(-1)?.id ?? seen;
  return entries.map(({ kind, text, by }) => `${kind}: ${text}${by === null ? '' : ` [${by}]`}`);
}
beforeEach(() => (seen = 0));

const peer = (name: string): Peer => [...pool.peers].find(({ id }) => id.startsWith(name))!;

it('tells who joins, drains, changes and leaves, and which operator had a hand in it', () => {
  take(1, endpoint('a'), endpoint('b', { weight: 2 }));
  expect(told()).toEqual([
    'joined: a joined at http://a.test:80, weight 1',
    'joined: b joined at http://b.test:80, weight 2',
  ]);
  const replaced = { registered: 2, by: 'alice', at: 0 };
  take(2, endpoint('a', { state: 'draining' }), endpoint('b', { weight: 5, overridden: { weight: replaced } }));
  expect(told()).toEqual(['draining: a is draining', 'changed: b now has weight 5, as alice has set it [alice]']);
  take(3, endpoint('b', { weight: 2 }));
  expect(told()).toEqual(['left: a left', 'changed: b now has weight 2']);
});

it('tells of many at once in one entry', () => {
  take(1, ...Array.from({ length: 20 }, (_, index) => endpoint(`p${index}`)));
  expect(told()).toEqual(['joined: 20 providers joined: p0, p1, p2 and others']);
});

it('tells of suspects, and when one was shown to be gone', () => {
  take(1, endpoint('a'), endpoint('b'));
  told();
  const change: PoolChange = { added: [], removed: [], changed: [], suspected: [peer('b')] };
  balancing.update.publish({ service, revision: 2, change });
  balancing.purge.publish({ service, peer: peer('b') });
  expect(told()).toEqual([
    'suspected: b is no longer listed and has not said why: a suspect now',
    'left: b, a suspect, is gone',
  ]);
});

it('tells of an ejection once, however often it is prolonged', () => {
  take(1, endpoint('a'), endpoint('b'), endpoint('c'));
  told();
  pool.eject(peer('a'), 'consecutive-local', 10);
  const { ejection } = peer('a');
  balancing.eject.publish({ service, peer: peer('a'), ejection: { ...ejection!, until: 9000 } });
  pool.restore(peer('a'), 20);
  pool.eject(peer('a'), 'operator alice', 30, Infinity);
  expect(told()).toEqual([
    'ejected: a is set aside (consecutive-local) and is tried again soon',
    'restored: a is back',
    'ejected: a is set aside (operator alice) until somebody restores it',
  ]);
});

it('tells when the registry is lost, at the first attempt to find it again, and when it is back', () => {
  take(1, endpoint('a'));
  told();
  for (const attempt of [1, 2, 3]) {
    registry.lost.publish({ service, subject: 'endpoints', reason: 'unreachable', error: undefined, attempt });
  }
  registry.recovered.publish({ service, subject: 'endpoints', afterMs: 4200 });
  registry.lost.publish({
    service: 'other',
    subject: 'endpoints',
    reason: 'unreachable',
    error: undefined,
    attempt: 1,
  });
  expect(told()).toEqual([
    'registry: Cannot follow the registry (unreachable): going on with the one provider last known',
    'registry: Following the registry, after 4.2 s without',
  ]);
});
