/** What the network between etcd and those who follow it can do. */
import { setTimeout as after } from 'node:timers/promises';

import { now } from '../../now.ts';
import { type Row, within } from '../../row.ts';
import { ttlSeconds } from '../../stage.ts';
import { Watchman } from '../../watchman.ts';

/** A stream is asked for a sign of life every 2.9 s at most, and has 2 s to give it. */
const noticedMs = 6000;
const holeMs = (ttlSeconds + 3) * 1000;
const registeredMs = ttlSeconds * 1000 + 2000;

const lostDown: Row = {
  name: 'registry/packets-lost-down',
  fault: `all packets from etcd are lost for ${holeMs / 1000} s, and both ends stay up`,
  promise: 'called stale within 6 s; view equal within 5 s; registered again within a TTL and 2 s; nothing lost',
  needs: ['etcd'],
  async run(stage) {
    const { watchman } = await Watchman.ofOneEtcd(stage);
    const from = now();
    for (const proxy of watchman.proxies) proxy.hole('down');
    const staleMs = await watchman.stale(from);
    await after(Math.max(0, holeMs - (now() - from)));
    for (const proxy of watchman.proxies) proxy.heal();
    const findings = await watchman.findings({ healedAt: now(), viewMs: 5000, registeredMs });
    return [within('called stale', noticedMs, staleMs), ...findings];
  },
};

const lostUp: Row = {
  name: 'registry/packets-lost-up',
  fault: `all packets to etcd are lost for ${holeMs / 1000} s, and what others write still arrives`,
  promise: 'view equal within 5 s; registered again within a TTL and 2 s; nothing lost',
  needs: ['etcd'],
  async run(stage) {
    const { watchman } = await Watchman.ofOneEtcd(stage);
    for (const proxy of watchman.proxies) proxy.hole('up');
    await after(holeMs);
    for (const proxy of watchman.proxies) proxy.heal();
    return watchman.findings({ healedAt: now(), viewMs: 5000, registeredMs });
  },
};

const flapping: Row = {
  name: 'registry/flapping',
  fault: 'every connection to etcd is reset, ten times in 3 s, under 50 writes a second',
  promise: 'view equal within 2.5 s; nothing lost',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { watchman } = await Watchman.ofOneEtcd(stage);
    for (let time = 0; time < 10; time += 1) {
      await after(300);
      for (const proxy of watchman.proxies) proxy.reset();
    }
    return watchman.findings({ healedAt: now(), viewMs: 2500, registeredMs: 2500 });
  },
};

export const path: readonly Row[] = [lostDown, lostUp, flapping];
