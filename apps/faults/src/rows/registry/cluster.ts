/** What a cluster of three can go through without those who follow it, or with them. */
import { startRealCluster } from '@lb/testkit';
import { setTimeout as after } from 'node:timers/promises';

import { now } from '../../now.ts';
import { most, type Row, within } from '../../row.ts';
import { ttlSeconds } from '../../stage.ts';
import { Watchman } from '../../watchman.ts';

const leaderKilled: Row = {
  name: 'registry/leader-killed',
  fault: 'SIGKILL to the leader of three members, under 50 writes a second',
  promise: 'view equal within 5 s, with the election; the lease is kept; nothing lost',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const cluster = stage.use(await startRealCluster());
    const watchman = await Watchman.start(stage, cluster);
    await after(500);
    const leader = await cluster.leader();
    const at = now();
    await leader.kill();
    await cluster.leader();
    await after(1000);
    const findings = await watchman.findings({ healedAt: at, viewMs: 5000, registeredMs: 5000 });
    return [most('leases lost', 0, watchman.losses), ...findings];
  },
};

const quorumLost: Row = {
  name: 'registry/quorum-lost',
  fault: `SIGSTOP to two of three members for ${ttlSeconds + 5} s`,
  promise:
    'called stale within 6 s; view equal within 5 s of the return; registered within a TTL and 2 s; nothing lost',
  needs: ['etcd'],
  async run(stage) {
    const cluster = stage.use(await startRealCluster());
    const watchman = await Watchman.start(stage, cluster);
    await after(500);
    const leader = await cluster.leader();
    const [follower] = await cluster.followers();
    const from = now();
    await leader.pause();
    await follower?.pause();
    const staleMs = await watchman.stale(from);
    await after(Math.max(0, (ttlSeconds + 5) * 1000 - (now() - from)));
    leader.resume();
    follower?.resume();
    await cluster.leader();
    const findings = await watchman.findings({
      healedAt: now(),
      viewMs: 5000,
      registeredMs: ttlSeconds * 1000 + 2000,
    });
    return [within('called stale', 6000, staleMs), ...findings];
  },
};

export const cluster: readonly Row[] = [leaderKilled, quorumLost];
