import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { Etcd3 } from 'etcd3';
import { afterEach, beforeEach, expect, test } from 'vitest';

let etcd: EmbeddedEtcd;
let client: Etcd3;

beforeEach(async () => {
  etcd = await startEtcd();
  client = new Etcd3({ hosts: etcd.hosts });
});

afterEach(async () => {
  client.close();
  await etcd.close();
});

test('an etcd3 client sees a registration come and go: put under a lease, list, watch, revoke', async () => {
  const watcher = await client.watch().prefix('services/').create();
  const seen: string[] = [];
  const gone = new Promise<void>((resolve) => {
    watcher.on('put', ({ key, value }) => seen.push(`put ${key.toString()} ${value.toString()}`));
    watcher.on('delete', ({ key }) => {
      seen.push(`delete ${key.toString()}`);
      resolve();
    });
  });

  const lease = client.lease(10);
  await lease.put('services/1').value('http://a.test');
  expect(await client.getAll().prefix('services/').strings()).toEqual({ 'services/1': 'http://a.test' });
  expect((await client.get('services/1').exec()).kvs[0]?.lease).toBe(await lease.grant());
  await lease.revoke();
  await gone;

  expect(seen).toEqual(['put services/1 http://a.test', 'delete services/1']);
  expect(await client.getAll().prefix('services/').strings()).toEqual({});
});
