import { hasEtcd, startRealCluster } from '@lb/testkit';
import { expect, test } from 'vitest';

test.skipIf(!hasEtcd())('a cluster finds another leader when its own is killed', async () => {
  await using cluster = await startRealCluster();
  const leader = await cluster.leader();
  expect(await cluster.followers()).toHaveLength(2);
  await leader.kill();
  expect(await cluster.leader()).not.toBe(leader);
  await leader.restart();
  expect(await cluster.followers()).toHaveLength(2);
});
