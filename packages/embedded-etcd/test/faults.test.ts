import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { startEtcd } from '@lb/embedded-etcd';
import { hasEtcd, ManualClock, startRealEtcd } from '@lb/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { b, Context, everything, type TestServer } from './contract/context.ts';
import { failureOf } from './contract/raw-client.ts';

/** A server that can be made to fail as a process fails. */
interface Breakable extends TestServer {
  freeze(): void | Promise<void>;
  thaw(): void;
  crash(): Promise<void>;
  restart(): Promise<void>;
  wipe(): void | Promise<void>;
}

const implementations: readonly { name: string; isThere: boolean; start: () => Promise<Breakable> }[] = [
  {
    name: 'embedded etcd',
    isThere: true,
    start: async () => {
      const etcd = await startEtcd();
      const { faults } = etcd;
      return {
        ...etcd,
        freeze: () => faults.freeze(),
        thaw: () => faults.thaw(),
        crash: () => faults.crash(),
        restart: () => faults.restart(),
        wipe: () => faults.wipe(),
      };
    },
  },
  {
    name: hasEtcd() ? 'real etcd' : 'real etcd (skipped: there is none on the PATH)',
    isThere: hasEtcd(),
    start: async () => {
      const etcd = await startRealEtcd({ args: ['--bcrypt-cost', '4'] });
      return {
        address: etcd.address,
        hosts: etcd.hosts,
        freeze: () => etcd.pause(),
        thaw: () => etcd.resume(),
        crash: () => etcd.kill(),
        restart: () => etcd.restart(),
        wipe: () => etcd.wipe(),
        close: () => etcd.close(),
      };
    },
  },
];

async function contextOf(server: TestServer): Promise<Context> {
  const context = new Context(server);
  onTestFinished(async () => {
    context.end();
    await server.close();
  });
  await context.begin();
  return context;
}

/** Whether somebody accepts connections there. */
async function accepts(address: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const [host, port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** A put that is given up on after 300 ms. */
async function hurriedPut(context: Context, key: string): Promise<string> {
  const call = context.raw.call('KV/Put', { key: b(key) }, 300);
  return (await failureOf(call)).split(' ')[0] ?? '';
}

describe.each(implementations)('$name', ({ isThere, start }) => {
  test.skipIf(!isThere)(
    'accepts connections while frozen, answers nothing, and does later what was asked',
    async () => {
      const server = await start();
      const context = await contextOf(server);
      const { next } = await context.watch();
      await server.freeze();
      expect(await accepts(server.address)).toBe(true);
      let answered = false;
      const put = context.put('a').finally(() => (answered = true));
      await sleep(300);
      expect(answered).toBe(false);
      server.thaw();
      expect([await put, await next()]).toEqual([1, '#0 @1 PUT a= c1 m1 v1']);
    },
  );

  test.skipIf(!isThere)('ends no lease while frozen, and at once after that those whose time is over', async () => {
    const server = await start();
    const context = await contextOf(server);
    const { next } = await context.watch();
    await context.grant(2, 7);
    await context.grant(60, 8);
    await context.put('a', '', { lease: 7 });
    await context.put('b', '', { lease: 8 });
    await server.freeze();
    await sleep(3500);
    server.thaw();
    // Had its time begun anew, 2 s would be left.
    const { TTL } = await context.call('Lease/LeaseTimeToLive', { ID: 7 });
    expect(Number(TTL)).toBeLessThanOrEqual(0);
    await next();
    await next();
    expect(await next()).toBe('#0 @3 DELETE a m3');
    expect((await context.call('Lease/LeaseLeases', {})).leases).toEqual([{ ID: '8' }]);
  });

  test.skipIf(!isThere)('refuses connections once crashed, and comes back with its data', async () => {
    const server = await start();
    const context = await contextOf(server);
    await context.put('a', 'x');
    const { stream } = await context.watch();
    await server.crash();
    expect(await failureOf(stream.next())).toMatch(/^UNAVAILABLE/);
    expect(await accepts(server.address)).toBe(false);
    expect(await hurriedPut(context, 'b')).toBe('UNAVAILABLE');
    await server.restart();
    const again = await contextAfter(server);
    expect((await again.call('KV/Range', { key: b('a') })).header.raft_term).toBe('3');
    expect(await again.range()).toEqual({ kvs: ['a=x c2 m2 v1'], more: false, count: 1, revision: 2 });
    const { next } = await again.watch({ key: b('a'), start_revision: 2 });
    expect(await next()).toBe('#0 @2 PUT a=x c2 m2 v1');
  });

  test.skipIf(!isThere)('gives every lease its full time when it is started again, and forgets tokens', async () => {
    const server = await start();
    const context = await contextOf(server);
    await context.call('Auth/UserAdd', { name: 'root', password: 'x' });
    await context.call('Auth/UserGrantRole', { user: 'root', role: 'root' });
    await context.grant(4, 7);
    await context.put('a', '', { lease: 7 });
    await context.call('Auth/AuthEnable', {});
    const { token } = await context.call('Auth/Authenticate', { name: 'root', password: 'x' });
    // etcd does again what came after the last write that reached its disk, logging in included: hence this write.
    await context.client({ token }).call('KV/Put', { key: b('b') });
    await sleep(1500);
    await server.crash();
    await sleep(3000);
    const restarted = performance.now();
    await server.restart();
    const again = await contextAfter(server);
    const { TTL } = await again.call('Lease/LeaseTimeToLive', { ID: 7 });
    // In whole seconds, rounded down.
    const left = 4 - (performance.now() - restarted) / 1000;
    expect(Number(TTL)).toBeGreaterThan(left - 1);
    const call = again.client({ token }).call('KV/Range', { key: b('a') });
    expect(await failureOf(call)).toBe('UNAUTHENTICATED etcdserver: invalid auth token');
    const { token: fresh } = await again.call('Auth/Authenticate', { name: 'root', password: 'x' });
    const root = again.client({ token: fresh });
    expect((await root.call('KV/Range', { key: b('a') })).count).toBe('1');
  });

  test.skipIf(!isThere)(
    'has nothing but who it is once wiped: neither keys nor revisions, leases or users',
    async () => {
      const server = await start();
      const context = await contextOf(server);
      await context.put('a');
      await context.grant(60, 7);
      await context.call('Auth/UserAdd', { name: 'zoe', password: 'x' });
      const { header: before } = await context.call('KV/Range', everything);
      const { stream } = await context.watch();
      await server.wipe();
      expect(await failureOf(stream.next())).toMatch(/^UNAVAILABLE/);
      const again = await contextAfter(server);
      const { header: after, count } = await again.call('KV/Range', everything);
      expect([after.revision, count]).toEqual(['1', '0']);
      expect({ ...after, revision: '' }).toEqual({ ...before, revision: '' });
      expect((await again.call('Lease/LeaseLeases', {})).leases).toEqual([]);
      expect((await again.call('Auth/UserList', {})).users).toEqual([]);
      // A watch from what is now the future is accepted, and silent until then.
      const { created, next } = await again.watch({ ...everything, start_revision: 4 });
      expect(created).toBe('#0 @1 created');
      for (const key of ['a', 'b', 'c']) await again.put(key);
      expect(await next()).toBe('#0 @4 PUT c= c4 m4 v1');
    },
  );
});

/** A context for a server that has lost its connections. It counts revisions as the server does. */
async function contextAfter(server: TestServer): Promise<Context> {
  const context = new Context(server);
  onTestFinished(() => context.end());
  return context;
}

describe('the faults of the embedded etcd', () => {
  async function begin(clock?: ManualClock) {
    const server = await startEtcd(clock === undefined ? {} : { clock });
    return { server, faults: server.faults, context: await contextOf(server) };
  }

  test('leave pings unanswered while frozen', async () => {
    const { server, faults } = await begin();
    const client = new Client(server.address, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': 200,
      'grpc.keepalive_timeout_ms': 200,
      'grpc.keepalive_permit_without_calls': 1,
    });
    onTestFinished(() => client.close());
    const stream = client.makeBidiStreamRequest(
      '/etcdserverpb.Watch/Watch',
      () => Buffer.alloc(0),
      () => ({}),
    );
    const ended = new Promise<Error>((resolve) => {
      stream.once('error', resolve);
    });
    stream.write({});
    await sleep(600);
    faults.freeze();
    expect((await ended).message).toMatch(/UNAVAILABLE.*(Keepalive|dropped)/i);
    faults.thaw();
  });

  test('do once thawed what its client has given up on', async () => {
    const { faults, context } = await begin();
    const { next } = await context.watch();
    faults.freeze();
    expect(await hurriedPut(context, 'a')).toBe('DEADLINE_EXCEEDED');
    faults.thaw();
    expect(await next()).toBe('#0 @1 PUT a= c1 m1 v1');
  });

  test('cut connections, and take new ones', async () => {
    const { faults, context } = await begin();
    const { stream } = await context.watch();
    faults.dropConnections();
    expect(await failureOf(stream.next())).toMatch(/^UNAVAILABLE/);
    await context.client().call('KV/Put', { key: b('a') });
  });

  test('rewind to a revision: what came later has not happened, and the ids stay', async () => {
    const { server, faults, context } = await begin();
    await context.grant(60, 7);
    await context.put('a', '1', { lease: 7 }); // 2
    await context.put('a', '2'); // 3
    await context.call('Lease/LeaseRevoke', { ID: 7 });
    await context.grant(60, 8);
    await context.put('b', '', { lease: 8 }); // 4
    await context.grant(60, 9);

    faults.rewind(2);

    const again = await contextAfter(server);
    expect(await again.range()).toEqual({ kvs: ['a=1 c2 m2 v1 lease 7'], more: false, count: 1, revision: 2 });
    await again.put('c');
    const { next } = await again.watch({ ...everything, start_revision: 2 });
    expect(await next()).toBe('#0 @3 PUT a=1 c2 m2 v1 lease 7 PUT c= c3 m3 v1');
  });

  test('refuse to rewind to what is compacted or to come', async () => {
    const { faults, context } = await begin();
    await context.put('a');
    await context.put('a');
    faults.compactNow();
    expect(() => faults.rewind(2)).toThrow(RangeError);
    expect(() => faults.rewind(4)).toThrow(RangeError);
    faults.rewind(3);
  });

  test('compact to the current revision, as often as they are asked', async () => {
    const { faults, context } = await begin();
    for (const value of ['1', '2', '3']) await context.put('a', value);
    faults.compactNow();
    faults.compactNow();
    const { next } = await context.watch({ ...everything, start_revision: 2 });
    expect(await next()).toBe('#0 @zero canceled compacted 3');
  });

  test('end a lease as if its time were over', async () => {
    const { faults, context } = await begin();
    const id = await context.grant(60);
    await context.put('a', '', { lease: id });
    faults.expire(id);
    expect(await context.contents()).toEqual([]);
    expect(() => faults.expire(id)).toThrow(new RangeError(`There is no lease ${id}`));
  });

  test('refuse watches, and not those that are there', async () => {
    const { faults, context } = await begin();
    const { next } = await context.watch();
    faults.denyWatch(true);
    const refused =
      '#-1 @0 created canceled because "rpc error: code = PermissionDenied desc = etcdserver: permission denied"';
    expect((await context.watch()).created).toBe(refused);
    await context.put('a');
    expect(await next()).toBe('#0 @1 PUT a= c1 m1 v1');
    faults.denyWatch(false);
    expect((await context.watch()).created).toBe('#0 @1 created');
  });

  test('hold every answer for a while, in order', async () => {
    const { faults, context } = await begin();
    const { next } = await context.watch();
    faults.delay(100);
    const started = performance.now();
    await Promise.all([context.put('a'), context.put('b')]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(99);
    expect([await next(), await next()]).toEqual(['#0 @1 PUT a= c1 m1 v1', '#0 @2 PUT b= c2 m2 v1']);
    faults.delay(0);
  });

  test('take the leader away: who needs one is refused at once, the rest goes on and is out of date', async () => {
    const clock = new ManualClock();
    const { faults, context } = await begin(clock);
    const needy = context.client({ hasleader: 'true' });
    await context.put('a', 'x');
    await context.grant(60, 7);
    const { next } = await context.watch();
    const needyWatch = context.stream('Watch/Watch', needy);
    needyWatch.write({ create_request: { key: b('a') } });
    await needyWatch.next();
    const keepAlive = context.stream('Lease/LeaseKeepAlive');

    faults.noLeader(true);

    const noLeader = 'UNAVAILABLE etcdserver: no leader';
    expect(await failureOf(needy.call('KV/Range', { key: b('a'), serializable: true }))).toBe(noLeader);
    const another = context.stream('Lease/LeaseKeepAlive', needy);
    expect(await failureOf(another.next())).toBe(noLeader);
    expect((await context.call('KV/Range', { key: b('a'), serializable: true })).count).toBe('1');
    expect((await context.watch()).created).toBe('#0 @1 created');
    expect(await context.call('Maintenance/Status', {})).toMatchObject({
      leader: '0',
      errors: ['etcdserver: no leader'],
    });
    expect((await context.call('Lease/LeaseLeases', {})).leases).toEqual([{ ID: '7' }]);

    clock.advance(3000);
    expect(await failureOf(needyWatch.next())).toBe(noLeader);

    const idle = clock.pending;
    keepAlive.write({ ID: 7 });
    const waiting = [
      context.call('KV/Put', { key: b('late') }),
      context.call('KV/Range', { key: b('a') }),
      context.call('Lease/LeaseTimeToLive', { ID: 7 }),
    ].map(failureOf);
    await expect.poll(() => clock.pending).toBe(idle + 4);
    clock.advance(7000);
    expect(await Promise.all(waiting)).toEqual([
      'UNKNOWN context deadline exceeded',
      'UNAVAILABLE etcdserver: request timed out',
      noLeader,
    ]);
    expect(await failureOf(keepAlive.next())).toBe(noLeader);

    const patient = context.call('KV/Put', { key: b('b') });
    await expect.poll(() => clock.pending).toBe(idle + 1);
    clock.advance(100_000);
    faults.noLeader(false);
    // The put that was given up on has not happened; the lease, long over, has its full time again.
    expect(await failureOf(patient)).toBe('UNKNOWN context deadline exceeded');
    await context.put('c');
    expect(await next()).toBe('#0 @2 PUT c= c2 m2 v1');
    expect((await context.call('Lease/LeaseTimeToLive', { ID: 7 })).TTL).toBe('60');
    expect((await needy.call('KV/Range', { key: b('a') })).header.raft_term).toBe('3');
  });

  test('do not add up wrongly: who is frozen without a leader ends no lease until both are over', async () => {
    const clock = new ManualClock();
    const { faults, context } = await begin(clock);
    await context.grant(10, 7);
    await context.put('a', '', { lease: 7 });
    const { next } = await context.watch();
    faults.freeze();
    faults.noLeader(true);
    clock.advance(60_000);
    faults.thaw();
    clock.advance(60_000);
    faults.noLeader(false);
    expect(await context.contents()).toEqual(['a=']);
    clock.advance(10_500);
    expect(await next()).toBe('#0 @2 DELETE a m2');
  });

  test('let go on what waited for a leader, when there is one in time', async () => {
    const clock = new ManualClock();
    const { faults, context } = await begin(clock);
    faults.noLeader(true);
    const idle = clock.pending;
    const waiting = [context.put('a'), context.put('b')];
    await expect.poll(() => clock.pending).toBe(idle + 2);
    clock.advance(6999);
    faults.noLeader(false);
    expect((await Promise.all(waiting)).toSorted((one, other) => one - other)).toEqual([1, 2]);
  });

  test('take the port away from nobody: a restart finds it taken, and says so', async () => {
    const { server, faults } = await begin();
    await faults.crash();
    const other = await startEtcd({ port: server.port });
    onTestFinished(() => other.close());
    await expect(faults.restart()).rejects.toMatchObject({ code: 'ERR_PORT_TAKEN', port: server.port });
  });
});
