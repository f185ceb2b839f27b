/** What one etcd process can do to those who follow it and are registered in it. */
import { setTimeout as after } from 'node:timers/promises';

import { now } from '../../now.ts';
import { most, type Row, within } from '../../row.ts';
import { ttlSeconds } from '../../stage.ts';
import { Watchman } from '../../watchman.ts';

const ttlMs = ttlSeconds * 1000;
/** Between two attempts to reach an etcd that is away for long: at most so long, and then an answer. */
const reconnectMs = 2500;
/** A lease is renewed three times in a TTL. Whoever was lost alone comes back within a quarter of a second, and an answer. */
const aloneMs = ttlMs / 3 + 1000;
/** Whoever was lost with everybody waits for up to two thirds of a TTL. */
const togetherMs = (ttlMs * 2) / 3 + ttlMs / 3 + 2000;

const killed: Row = {
  name: 'registry/etcd-killed',
  fault: 'SIGKILL to etcd, and a start on the same data 2 s later, under 50 writes a second',
  promise: 'view equal within 2.5 s of the start; the lease is kept; nothing lost',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { etcd, watchman } = await Watchman.ofOneEtcd(stage);
    await etcd.kill();
    await after(2000);
    await etcd.restart();
    const findings = await watchman.findings({ healedAt: now(), viewMs: reconnectMs, registeredMs: reconnectMs });
    return [...findings, most('leases lost', 0, watchman.losses)];
  },
};

const frozen: Row = {
  name: 'registry/etcd-frozen',
  fault: `SIGSTOP to etcd for ${ttlSeconds + 3} s, longer than the TTL: all leases end when it goes on`,
  promise: 'called stale within 6 s; view equal within 2.5 s; registered again within a TTL and 2 s; nothing lost',
  needs: ['etcd'],
  async run(stage) {
    const { etcd, watchman } = await Watchman.ofOneEtcd(stage);
    const from = now();
    await etcd.pause();
    const staleMs = await watchman.stale(from);
    await after(Math.max(0, ttlMs + 3000 - (now() - from)));
    etcd.resume();
    const findings = await watchman.findings({ healedAt: now(), viewMs: reconnectMs, registeredMs: togetherMs });
    return [within('called stale', 6000, staleMs), ...findings];
  },
};

const wiped: Row = {
  name: 'registry/etcd-wiped',
  fault: 'etcd is killed, its data is deleted, and it starts again empty',
  promise: 'view equal within 2.5 s; registered again within a TTL and 2 s',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { etcd, watchman } = await Watchman.ofOneEtcd(stage);
    await etcd.wipe();
    return watchman.findings({ healedAt: now(), viewMs: reconnectMs, registeredMs: togetherMs, wiped: true });
  },
};

const compacted: Row = {
  name: 'registry/compacted',
  fault: 'cut off for 3 s while 150 writes happen, and all history is compacted away',
  promise: 'view equal within 2.5 s; nothing lost',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { watchman } = await Watchman.ofOneEtcd(stage);
    for (const proxy of watchman.proxies) await proxy.refuse();
    await after(3000);
    await watchman.operator.compact();
    for (const proxy of watchman.proxies) await proxy.open();
    return watchman.findings({ healedAt: now(), viewMs: reconnectMs, registeredMs: reconnectMs });
  },
};

const revoked: Row = {
  name: 'registry/lease-revoked',
  fault: 'somebody revokes the lease of a registration',
  promise: 'registered again within a third of the TTL and 1 s, under one key',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { watchman } = await Watchman.ofOneEtcd(stage);
    await watchman.operator.revoke('lb/registered/');
    const findings = await watchman.findings({ healedAt: now(), viewMs: reconnectMs, registeredMs: aloneMs });
    return [...findings, most('leases lost', 1, watchman.losses)];
  },
};

const awaySeconds = 20;

const away: Row = {
  name: 'registry/etcd-away',
  fault: `etcd is away for ${awaySeconds} s, behind something that accepts connections and resets them`,
  promise:
    'at most 2 connections a second from each client; view equal within 2.5 s; the lease comes back, or a new one',
  needs: ['etcd'],
  async run(stage) {
    const { etcd, watchman } = await Watchman.ofOneEtcd(stage);
    await etcd.kill();
    // What comes in the first moments, when waits are short, is not the rate that an outage has.
    await after(3000);
    const before = accepted(watchman);
    await after(awaySeconds * 1000);
    const clients = 2;
    const rate = (accepted(watchman) - before) / awaySeconds / clients;
    await etcd.restart();
    const findings = await watchman.findings({ healedAt: now(), viewMs: reconnectMs, registeredMs: togetherMs });
    return [most('connections a second of each client', 2, rate), ...findings];
  },
};

const clockSet: Row = {
  name: 'registry/clock-set-back',
  fault: 'the wall clock of a client is set back an hour, and then two forward',
  promise: 'nobody notices: no lease lost, view never stale',
  needs: ['etcd'],
  async run(stage) {
    const { watchman } = await Watchman.ofOneEtcd(stage);
    const real = Date.now;
    stage.defer(() => (Date.now = real));
    let late = 0;
    for (const shift of [-3_600_000, 7_200_000]) {
      Date.now = () => real() + shift;
      for (const from = now(); now() - from < ttlMs + 2000;) {
        await after(50);
        if (watchman.discovery.status.stale !== false) late += 1;
      }
    }
    Date.now = real;
    const findings = await watchman.findings({ healedAt: now(), viewMs: 500, registeredMs: 500 });
    return [most('leases lost', 0, watchman.losses), most('looks at a stale view', 0, late), ...findings];
  },
};

function accepted({ proxies }: Watchman): number {
  return proxies.reduce((sum, proxy) => sum + proxy.accepted, 0);
}

export const oneEtcd: readonly Row[] = [killed, frozen, wiped, compacted, revoked, away, clockSet];
