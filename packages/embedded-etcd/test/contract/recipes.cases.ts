import { expect } from 'vitest';
import { b, type Cases } from './context.ts';
import { failureOf } from './raw-client.ts';

/** The services that do for a client what etcdctl's `lock` and `elect` do by themselves. */
export const recipeCases: Cases = {
  'Lock gives a free lock at once, by a key under the name and the lease in hexadecimal': async (context) => {
    await context.grant(60, 28);
    const { key, header } = await context.call('v3lockpb.Lock/Lock', { name: b('n'), lease: 28 });
    expect([key.toString(), context.at(header.revision)]).toEqual(['n/1c', 1]);
    expect((await context.range()).kvs).toEqual(['n/1c= c1 m1 v1 lease 28']);
  },

  'Lock gives the same lock to the same lease again': async (context) => {
    await context.grant(60, 10);
    await context.call('v3lockpb.Lock/Lock', { name: b('n'), lease: 10 });
    const { key, header } = await context.call('v3lockpb.Lock/Lock', { name: b('n'), lease: 10 });
    expect([key.toString(), context.at(header.revision)]).toEqual(['n/a', 1]);
  },

  'Lock waits for those that came before': async (context) => {
    for (const lease of [10, 11, 12]) await context.grant(60, lease);
    await context.call('v3lockpb.Lock/Lock', { name: b('n'), lease: 10 });
    const { next } = await context.watch();
    const order: string[] = [];
    const wait = async (lease: number) => {
      const { key } = await context.call('v3lockpb.Lock/Lock', { name: b('n'), lease });
      order.push(key.toString());
    };
    const second = wait(11);
    expect(await next()).toBe('#0 @2 PUT n/b= c2 m2 v1 lease 11');
    const third = wait(12);
    expect(await next()).toBe('#0 @3 PUT n/c= c3 m3 v1 lease 12');
    expect(order).toEqual([]);
    await context.call('v3lockpb.Lock/Unlock', { key: b('n/a') });
    await second;
    expect(order).toEqual(['n/b']);
    await context.call('Lease/LeaseRevoke', { ID: 11 });
    await third;
    expect(order).toEqual(['n/b', 'n/c']);
  },

  'Lock without a lease takes one of its own': async (context) => {
    const { key } = await context.call('v3lockpb.Lock/Lock', { name: b('n') });
    const { leases } = await context.call('Lease/LeaseLeases', {});
    expect(leases.length).toBe(1);
    expect(key.toString()).toBe(`n/${BigInt(leases[0]?.ID ?? 0).toString(16)}`);
    expect((await context.call('Lease/LeaseTimeToLive', { ID: leases[0]?.ID ?? 0 })).grantedTTL).toBe('60');
  },

  'Lock of a lease that is not there is refused, without a code': async (context) => {
    const call = context.call('v3lockpb.Lock/Lock', { name: b('n'), lease: 99 });
    expect(await failureOf(call)).toBe('UNKNOWN etcdserver: requested lease not found');
  },

  'Unlock of a key that is not there does nothing, and needs a key': async (context) => {
    const { header } = await context.call('v3lockpb.Lock/Unlock', { key: b('n/a') });
    expect(context.at(header.revision)).toBe(0);
    expect(await failureOf(context.call('v3lockpb.Lock/Unlock', {}))).toBe('UNKNOWN etcdserver: key is not provided');
  },

  'Campaign wins an election without others': async (context) => {
    await context.grant(60, 10);
    const { leader, header } = await context.call('v3electionpb.Election/Campaign', {
      name: b('e'),
      lease: 10,
      value: b('me'),
    });
    expect([leader.name.toString(), leader.key.toString(), context.at(leader.rev), leader.lease]).toEqual([
      'e',
      'e/a',
      1,
      '10',
    ]);
    expect(context.at(header.revision)).toBe(1);
    const { kv } = await context.call('v3electionpb.Election/Leader', { name: b('e') });
    expect(context.showKv(kv)).toBe('e/a=me c1 m1 v1 lease 10');
  },

  'Campaign waits until the leader resigns': async (context) => {
    for (const lease of [10, 11]) await context.grant(60, lease);
    const campaign = (lease: number) =>
      context.call('v3electionpb.Election/Campaign', { name: b('e'), lease, value: b(`v${lease}`) });
    const first = await campaign(10);
    const { next } = await context.watch();
    const second = campaign(11);
    expect(await next()).toBe('#0 @2 PUT e/b=v11 c2 m2 v1 lease 11');
    await context.call('v3electionpb.Election/Resign', { leader: first.leader });
    const { leader, header } = await second;
    expect([leader.key.toString(), context.at(leader.rev), context.at(header.revision)]).toEqual(['e/b', 2, 2]);
  },

  'Campaign of the leader with another value proclaims it': async (context) => {
    await context.grant(60, 10);
    for (const value of ['1', '1', '2']) {
      await context.call('v3electionpb.Election/Campaign', { name: b('e'), lease: 10, value: b(value) });
    }
    expect((await context.range()).kvs).toEqual(['e/a=2 c1 m2 v2 lease 10']);
  },

  'Proclaim is for the leader alone': async (context) => {
    await context.grant(60, 10);
    const { leader } = await context.call('v3electionpb.Election/Campaign', { name: b('e'), lease: 10, value: b('1') });
    await context.call('v3electionpb.Election/Proclaim', { leader, value: b('2') });
    expect((await context.range()).kvs).toEqual(['e/a=2 c1 m2 v2 lease 10']);
    const former = { ...leader, rev: '1' };
    expect(await failureOf(context.call('v3electionpb.Election/Proclaim', { leader: former, value: b('3') }))).toBe(
      'UNKNOWN election: not leader',
    );
    expect(await failureOf(context.call('v3electionpb.Election/Proclaim', { value: b('3') }))).toBe(
      'UNKNOWN "leader" field must be provided',
    );
  },

  'Resign does nothing for those who do not lead': async (context) => {
    await context.grant(60, 10);
    const { leader } = await context.call('v3electionpb.Election/Campaign', { name: b('e'), lease: 10, value: b('1') });
    await context.call('v3electionpb.Election/Resign', { leader: { ...leader, rev: '1' } });
    expect(await context.contents()).toEqual(['e/a=1']);
    await context.call('v3electionpb.Election/Resign', { leader });
    await context.call('v3electionpb.Election/Resign', { leader });
    expect(await context.range()).toMatchObject({ kvs: [], revision: 2 });
    expect(await failureOf(context.call('v3electionpb.Election/Resign', {}))).toBe(
      'UNKNOWN "leader" field must be provided',
    );
  },

  'Leader of an election without any is refused': async (context) => {
    const call = context.call('v3electionpb.Election/Leader', { name: b('e') });
    expect(await failureOf(call)).toBe('UNKNOWN election: no leader');
  },

  'Observe tells of each leader, and of what it proclaims': async (context) => {
    for (const lease of [10, 11]) await context.grant(60, lease);
    const stream = context.serverStream('v3electionpb.Election/Observe', { name: b('e') });
    const told = async () => context.showKv((await stream.next()).kv);
    const campaign = (lease: number, value: string) =>
      context.call('v3electionpb.Election/Campaign', { name: b('e'), lease, value: b(value) });
    const first = await campaign(10, '1');
    expect(await told()).toBe('e/a=1 c1 m1 v1 lease 10');
    const second = campaign(11, '2');
    await context.call('v3electionpb.Election/Proclaim', { leader: first.leader, value: b('1b') });
    expect(await told()).toMatch(/^e\/a=1b c1 m\d v2 lease 10$/);
    await context.call('v3electionpb.Election/Resign', { leader: first.leader });
    expect(await told()).toMatch(/^e\/b=2 /);
    await second;
  },

  'the server is healthy, and knows no service by name': async (context) => {
    expect(await context.call('grpc.health.v1.Health/Check', {})).toEqual({ status: 'SERVING' });
    expect(await failureOf(context.call('grpc.health.v1.Health/Check', { service: 'x' }))).toBe(
      'NOT_FOUND unknown service',
    );
    expect(await context.serverStream('grpc.health.v1.Health/Watch', {}).next()).toEqual({ status: 'SERVING' });
    expect(await context.serverStream('grpc.health.v1.Health/Watch', { service: 'x' }).next()).toEqual({
      status: 'SERVICE_UNKNOWN',
    });
  },
};
