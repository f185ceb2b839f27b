/** What is asked once is asked of every member, until one answers. */
import { startEtcd } from '@lb/embedded-etcd';
import { freePort } from '@lb/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { checkRegistry, inspect, openOverrides } from '../src/index.ts';
import type { RunningEtcd } from './etcd.ts';

let etcd: RunningEtcd;
let gone: string[];
beforeAll(async () => {
  etcd = await startEtcd();
  gone = await Promise.all([1, 2, 3].map(async () => `http://127.0.0.1:${await freePort()}`));
});
afterAll(() => etcd.close());

/** Each client begins with a member of its own choice. */
const times = 8;

it('a registry is read and checked as long as one member answers', async () => {
  const hosts = [...gone, etcd.hosts];
  for (let time = 0; time < times; time += 1) {
    expect((await inspect({ hosts })).services).toEqual([]);
    const { findings } = await checkRegistry({ hosts });
    expect(findings.map(({ code }) => code)).not.toContain('leases-refused');
  }
});

it('overrides are set, listed and cleared as long as one member answers', async () => {
  for (let time = 0; time < times; time += 1) {
    await using overrides = openOverrides({ hosts: [...gone, etcd.hosts], service: 'hash' });
    const other = openOverrides({ hosts: [...gone, etcd.hosts], service: 'hash' });
    expect(await overrides.set('a', { weight: 2 }, 'ann')).toMatchObject({ weight: { to: 2 } });
    expect([...(await other.list()).keys()]).toEqual(['a']);
    expect(await overrides.clear('a')).toBeUndefined();
    await other.close();
  }
});

it('says what the last one said when none answers', async () => {
  await expect(inspect({ hosts: gone })).rejects.toMatchObject({ code: 'ERR_ETCD_UNAVAILABLE', call: 'range' });
});
