import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { ManualClock } from '@lb/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { b, Context, everything, withUnknown } from './contract/context.ts';
import { failureOf } from './contract/raw-client.ts';

/** What cannot be compared with an etcd 3.4: there it is missing, another thing, or the end of the process. */
let clock: ManualClock;
let etcd: EmbeddedEtcd;
let context: Context;

beforeEach(async () => {
  clock = new ManualClock();
  etcd = await startEtcd({ clock, progressNotifyIntervalMs: 1000, tokenTtlMs: 5000 });
  context = new Context(etcd);
  await context.begin();
});

afterEach(async () => {
  context.end();
  await etcd.close();
});

describe('what is not supported says so in a sentence', () => {
  test('a snapshot', async () => {
    const stream = context.serverStream('Maintenance/Snapshot', {});
    expect(await failureOf(stream.next())).toBe(
      'UNIMPLEMENTED embedded-etcd: the data is in memory only, there is no file to make a snapshot of',
    );
  });

  test('another member, or another address for this one', async () => {
    const peerURLs = ['http://127.0.0.1:2380'];
    expect(await failureOf(context.call('Cluster/MemberAdd', { peerURLs }))).toBe(
      'UNIMPLEMENTED embedded-etcd: this server is a cluster of one, no member can be added',
    );
    const { members } = await context.call('Cluster/MemberList', {});
    const ID = members[0]?.ID ?? '';
    expect(await failureOf(context.call('Cluster/MemberUpdate', { ID, peerURLs }))).toBe(
      'UNIMPLEMENTED embedded-etcd: this server has no peers, its peer address cannot be changed',
    );
  });

  test('the JSON gateway', async () => {
    const response = await fetch(`${etcd.hosts}/v3/kv/range`, { method: 'POST', body: '{"key":"YQ=="}' });
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({
      error: 'embedded-etcd: the JSON gateway is not served, use gRPC',
      code: 12,
    });
  });

  test('a downgrade', async () => {
    expect(await failureOf(context.raw.callUnknown('/etcdserverpb.Maintenance/Downgrade'))).toBe(
      'UNIMPLEMENTED embedded-etcd: there is no other version to downgrade to',
    );
  });
});

describe('what an etcd 3.4 dies of is answered as 3.5 does', () => {
  test('an order by a target that is not known', async () => {
    const call = context.call('KV/Range', withUnknown({ ...everything }, { sort_target: 9 }));
    expect(await failureOf(call)).toBe('INVALID_ARGUMENT etcdserver: invalid sort option');
  });

  test('a permission that is not given', async () => {
    await context.call('Auth/RoleAdd', { name: 'role' });
    expect(await failureOf(context.call('Auth/RoleGrantPermission', { name: 'role' }))).toBe(
      'INVALID_ARGUMENT etcdserver: permission not given',
    );
  });

  test('an alarm action that is not known', async () => {
    const { alarms } = await context.call('Maintenance/Alarm', withUnknown({}, { action: 9 }));
    expect(alarms).toEqual([]);
  });
});

test('AuthStatus, of etcd 3.5, tells whether auth is enabled', async () => {
  await context.call('Auth/RoleAdd', { name: 'role' });
  expect(await context.call('Auth/AuthStatus', {})).toMatchObject({ enabled: false, authRevision: '2' });
});

describe('what takes time in a real etcd', () => {
  test('a quiet watch that asked for it is told of progress after each interval', async () => {
    const { stream, next } = await context.watch({ key: b('a'), progress_notify: true });
    await context.put('b');
    clock.advance(1000);
    expect(await next()).toBe('#0 @1');
    await context.put('a');
    expect(await next()).toBe('#0 @2 PUT a= c2 m2 v1');
    clock.advance(1000);
    clock.advance(1000);
    expect(await next()).toBe('#0 @2');
    stream.cancel();
  });

  test('a token is good for as long as it is used', async () => {
    await context.call('Auth/UserAdd', { name: 'root', password: 'x' });
    await context.call('Auth/UserGrantRole', { user: 'root', role: 'root' });
    await context.call('Auth/AuthEnable', {});
    const { token } = await context.call('Auth/Authenticate', { name: 'root', password: 'x' });
    const root = context.client({ token });
    const read = () => failureOf(root.call('KV/Range', everything));
    clock.advance(4000);
    expect(await read()).toBe('no failure');
    clock.advance(4000);
    expect(await read()).toBe('no failure');
    clock.advance(5000);
    expect(await read()).toBe('UNAUTHENTICATED etcdserver: invalid auth token');
  });

  test('a lease ends when the clock that was passed in says so', async () => {
    await context.grant(60, 7);
    await context.put('a', '', { lease: 7 });
    clock.advance(59_999);
    expect(await context.contents()).toEqual(['a=']);
    clock.advance(501);
    expect(await context.contents()).toEqual([]);
  });
});
