import {
  Etcd3,
  EtcdAuthenticationFailedError,
  EtcdLeaseInvalidError,
  EtcdPermissionDeniedError,
  EtcdRoleExistsError,
  Range,
  type IWatchResponse,
  type Watcher,
} from 'etcd3';
import { expect } from 'vitest';
import type { Cases, Context } from './context.ts';

/** What the unmodified etcd3 client does for those who use it, its lease and its watcher included. */
export const etcd3Cases: Cases = {
  'etcd3 puts, gets and deletes': async ({ etcd3 }) => {
    await etcd3.put('a').value('1');
    expect(await etcd3.get('a').string()).toBe('1');
    expect(await etcd3.get('a').number()).toBe(1);
    expect(await etcd3.get('b')).toBeNull();
    expect(await etcd3.get('a').exists()).toBe(true);
    const { deleted } = await etcd3.delete().key('a');
    expect(deleted).toBe('1');
    expect(await etcd3.get('a').exists()).toBe(false);
  },

  'etcd3 gets all of a prefix, sorted, limited, and their number': async ({ etcd3 }) => {
    for (const key of ['s/b', 's/a', 's/c', 't']) await etcd3.put(key).value(key.toUpperCase());
    expect(await etcd3.getAll().prefix('s/').strings()).toEqual({ 's/a': 'S/A', 's/b': 'S/B', 's/c': 'S/C' });
    expect(await etcd3.getAll().prefix('s/').sort('Key', 'Descend').limit(2).keys()).toEqual(['s/c', 's/b']);
    expect(await etcd3.getAll().sort('Mod', 'Ascend').keys()).toEqual(['s/b', 's/a', 's/c', 't']);
    expect(await etcd3.getAll().prefix('s/').count()).toBe(3);
    expect(await etcd3.getAll().inRange({ start: 's/b', end: 't' }).keys()).toEqual(['s/b', 's/c']);
  },

  'etcd3 reads the past': async ({ etcd3 }) => {
    const { header } = await etcd3.put('a').value('1');
    await etcd3.put('a').value('2');
    expect(await etcd3.get('a').revision(header.revision).string()).toBe('1');
  },

  'etcd3 deletes by prefix, and everything': async (context) => {
    for (const key of ['s/a', 's/b', 't']) await context.put(key);
    await context.etcd3.delete().prefix('s/');
    expect(await context.contents()).toEqual(['t=']);
    await context.etcd3.delete().all();
    expect(await context.contents()).toEqual([]);
  },

  'etcd3 keeps a namespace apart': async (context) => {
    const inside = context.etcd3.namespace('ns/');
    await inside.put('a').value('1');
    expect(await context.contents()).toEqual(['ns/a=1']);
    expect(await inside.getAll().strings()).toEqual({ a: '1' });
    await context.put('b');
    await inside.delete().all();
    expect(await context.contents()).toEqual(['b=']);
  },

  'etcd3 runs transactions': async ({ etcd3 }) => {
    await etcd3.put('a').value('1');
    const swap = (from: string, to: string) =>
      etcd3.if('a', 'Value', '==', from).then(etcd3.put('a').value(to)).else(etcd3.get('a')).commit();
    expect((await swap('1', '2')).succeeded).toBe(true);
    const { succeeded, responses } = await swap('1', '3');
    expect([succeeded, String(responses[0]?.response_range.kvs[0]?.value)]).toEqual([false, '2']);
  },

  'etcd3 creates a key once': async ({ etcd3 }) => {
    const create = () => etcd3.if('a', 'Create', '==', 0).then(etcd3.put('a').value('x')).commit();
    expect([(await create()).succeeded, (await create()).succeeded]).toEqual([true, false]);
  },

  'etcd3 retries software transactions that collide': async ({ etcd3 }) => {
    await etcd3.put('n').value(0);
    const increment = () =>
      etcd3.stm({ retries: 50 }).transact(async (tx) => {
        const number = (await tx.get('n').number()) ?? 0;
        await tx.put('n').value(number + 1);
      });
    await Promise.all([increment(), increment(), increment(), increment()]);
    expect(await etcd3.get('n').number()).toBe(4);
  },

  'etcd3 watches a prefix': async ({ etcd3 }) => {
    const watcher = await etcd3.watch().prefix('s/').create();
    const heard = hear(watcher, 3);
    await etcd3.put('t').value('no');
    await etcd3.put('s/a').value('1');
    await etcd3.put('s/a').value('2');
    await etcd3.delete().key('s/a');
    expect(await heard).toEqual(['put s/a=1', 'put s/a=2', 'delete s/a=']);
    await watcher.cancel();
  },

  'etcd3 watches from a revision on': async ({ etcd3 }) => {
    await etcd3.put('a').value('1');
    const { header } = await etcd3.put('a').value('2');
    await etcd3.put('a').value('3');
    const watcher = await etcd3.watch().key('a').startRevision(header.revision).create();
    expect(await hear(watcher, 2)).toEqual(['put a=2', 'put a=3']);
  },

  'etcd3 hears what was there before': async ({ etcd3 }) => {
    const watcher = await etcd3.watch().key('a').withPreviousKV().create();
    const heard = new Promise<string>((resolve) => {
      watcher.on('delete', (_kv, previous) => resolve(String(previous?.value)));
    });
    await etcd3.put('a').value('1');
    await etcd3.delete().key('a');
    expect(await heard).toBe('1');
  },

  'etcd3 has many watchers on one stream': async ({ etcd3 }) => {
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const watchers = await Promise.all(keys.map((key) => etcd3.watch().key(key).create()));
    expect(new Set(watchers.map(({ id }) => id)).size).toBe(20);
    const heard = watchers.map((watcher) => hear(watcher, 1));
    await Promise.all(keys.map((key) => etcd3.put(key).value(key)));
    expect((await Promise.all(heard)).flat()).toEqual(keys.map((key) => `put ${key}=${key}`));
  },

  'etcd3 is told with an error that a watch starts before the compaction': async (context) => {
    const { etcd3 } = context;
    for (const value of ['1', '2', '3']) await context.put('a', value);
    await context.call('KV/Compact', { revision: context.revision(3) });
    const watcher = await etcd3
      .watch()
      .key('a')
      .startRevision(String(context.revision(1)))
      .create();
    const error = await new Promise<Error>((resolve) => {
      watcher.on('error', resolve);
    });
    expect(error.message).toContain('Watcher canceled');
  },

  'etcd3 sees the raw answers of a watcher': async (context) => {
    const watcher = await context.etcd3.watch().key('a').create();
    const answer = new Promise<IWatchResponse>((resolve) => {
      watcher.on('data', resolve);
    });
    await context.put('a', 'x');
    expect(context.show({ ...(await answer), watch_id: '0' })).toBe('#0 @1 PUT a=x c1 m1 v1');
  },

  'etcd3 puts under a lease, keeps it alive, and revokes it': async (context) => {
    const lease = context.etcd3.lease(10);
    const kept = new Promise<void>((resolve) => {
      lease.once('keepaliveSucceeded', () => resolve());
    });
    await lease.put('a').value('x');
    const id = await lease.grant();
    expect((await context.range()).kvs).toEqual([`a=x c1 m1 v1 lease ${id}`]);
    await lease.keepaliveOnce();
    await kept;
    await lease.revoke();
    expect(await context.contents()).toEqual([]);
  },

  'etcd3 is told that its lease is lost': async (context) => {
    const lease = context.etcd3.lease(2);
    const id = await lease.grant();
    const lost = new Promise<Error>((resolve) => {
      lease.once('lost', resolve);
    });
    await context.call('Lease/LeaseRevoke', { ID: id });
    expect(await lost).toBeInstanceOf(EtcdLeaseInvalidError);
  },

  'etcd3 locks': async ({ etcd3 }) => {
    const lock = await etcd3.lock('l').acquire();
    await expect(etcd3.lock('l').acquire()).rejects.toThrow('Failed to acquire a lock');
    await lock.release();
    await (await etcd3.lock('l').acquire()).release();
  },

  'etcd3 elects': async ({ etcd3 }) => {
    const election = etcd3.election('e', 5);
    const campaign = election.campaign('me');
    await new Promise<void>((resolve, reject) => {
      campaign.on('elected', () => resolve());
      campaign.on('error', reject);
    });
    const observer = await election.observe();
    const leader =
      observer.leader() ??
      (await new Promise<string>((resolve) => observer.on('change', (value) => resolve(value ?? ''))));
    expect(leader).toBe('me');
    await observer.cancel();
    await campaign.resign();
  },

  'etcd3 has errors of its own for those of etcd': async ({ etcd3 }) => {
    await etcd3.role('r').create();
    await expect(etcd3.role('r').create()).rejects.toBeInstanceOf(EtcdRoleExistsError);
    await etcd3.role('r').delete();
    await expect(etcd3.put('a').value('x').lease(99)).rejects.toThrow('requested lease not found');
  },

  'etcd3 logs in, and may do what its role may': async (context) => {
    const { etcd3 } = context;
    await etcd3.user('root').create('secret');
    await etcd3.user('root').addRole('root');
    await etcd3.role('reader').create();
    await etcd3.role('reader').grant({ permission: 'Read', range: Range.prefix('s/') });
    await etcd3.user('app').create('password');
    await etcd3.user('app').addRole('reader');
    await etcd3.put('s/a').value('1');
    await etcd3.auth.authEnable();
    const client = (username: string, password: string) => connect(context, username, password);
    const root = client('root', 'secret');
    try {
      const app = client('app', 'password');
      expect(await app.getAll().prefix('s/').strings()).toEqual({ 's/a': '1' });
      await expect(app.put('s/a').value('2')).rejects.toBeInstanceOf(EtcdPermissionDeniedError);
      await expect(client('app', 'wrong').get('s/a')).rejects.toBeInstanceOf(EtcdAuthenticationFailedError);
      const watcher = await app.watch().prefix('s/').create();
      const heard = hear(watcher, 1);
      await root.put('s/a').value('2');
      expect(await heard).toEqual(['put s/a=2']);
      expect((await root.getUsers()).map(({ name }) => name)).toEqual(['app', 'root']);
      const [permission] = await root.role('reader').permissions();
      expect([permission?.permission, String(permission?.range.start), String(permission?.range.end)]).toEqual([
        'Read',
        's/',
        's0',
      ]);
    } finally {
      await root.auth.authDisable();
      for (const name of ['root', 'app']) await etcd3.user(name).delete();
      await etcd3.role('reader').delete();
    }
  },
};

function connect(context: Context, username: string, password: string): Etcd3 {
  const client = new Etcd3({ hosts: context.server.hosts, auth: { username, password } });
  context.closeAtEnd(client);
  return client;
}

/** The next `count` events of a watcher. */
function hear(watcher: Watcher, count: number): Promise<string[]> {
  const heard: string[] = [];
  return new Promise((resolve) => {
    const take = (what: string, key: Buffer, value: Buffer): void => {
      heard.push(`${what} ${key.toString()}=${value.toString()}`);
      if (heard.length === count) resolve(heard);
    };
    watcher.on('put', ({ key, value }) => take('put', key, value));
    watcher.on('delete', ({ key, value }) => take('delete', key, value));
  });
}
