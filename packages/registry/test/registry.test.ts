/** Registration and discovery together, on every server. */
import type { Snapshot } from '@lb/core';
import { startEtcd } from '@lb/embedded-etcd';
import type { Etcd3 } from 'etcd3';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  channels,
  discover,
  type DiscoverOptions,
  type EtcdDiscovery,
  etcdNaming,
  register,
  type RegisterOptions,
  type Registration,
} from '../src/index.ts';
import { operator, type RunningEtcd, servers } from './etcd.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

describe.each(servers)('on $name', { skip: false }, (server) => {
  let etcd: RunningEtcd;
  let admin: Etcd3;
  let services = 0;
  let service = '';

  beforeAll(async () => {
    etcd = await server.start();
    admin = operator(etcd.hosts);
  });
  afterAll(async () => {
    admin.close();
    await etcd.close();
  });

  /** A service of its own for each test, so that none sees another's keys. */
  const newService = (): string => (service = `service-${(services += 1)}`);

  async function registered(options: Partial<RegisterOptions> = {}): Promise<Registration> {
    const registration = await register({
      hosts: etcd.hosts,
      service,
      // Long enough for a busy machine to renew it in time.
      ttlSeconds: 10,
      endpoint: { origin: 'http://127.0.0.1:8080' },
      ...options,
    });
    cleanUp.push(() => registration.close());
    return registration;
  }

  function discovery(options: Partial<DiscoverOptions> = {}): EtcdDiscovery {
    const found = discover({ hosts: etcd.hosts, service, ...options });
    cleanUp.push(() => found.close());
    return found;
  }

  /** The first snapshot from now on that passes. */
  async function snapshotWhere(found: EtcdDiscovery, passes: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    for await (const snapshot of found) if (passes(snapshot)) return snapshot;
    throw new Error('The discovery ended first');
  }

  const keys = async (): Promise<string[]> => (await admin.getAll().prefix(`lb/${service}/`).keys()).toSorted();

  it('a registration is found, drains, changes and goes', async () => {
    newService();
    const found = discovery();
    expect((await found.connect()).endpoints).toEqual([]);

    const registration = await registered({
      endpoint: { id: 'a', origin: 'http://127.0.0.1:8080', weight: 2, zone: 'z1', metadata: { version: '1' } },
    });
    const [endpoint] = (await snapshotWhere(found, ({ endpoints }) => endpoints.length === 1)).endpoints;
    expect(endpoint).toEqual({
      id: 'a',
      origin: 'http://127.0.0.1:8080',
      weight: 2,
      zone: 'z1',
      startedAt: Math.round(performance.timeOrigin),
      state: 'serving',
      metadata: { version: '1' },
    });

    await registration.drain();
    await snapshotWhere(found, ({ endpoints }) => endpoints[0]?.state === 'draining');
    await registration.update({ weight: 5, state: 'serving' });
    await snapshotWhere(found, ({ endpoints }) => endpoints[0]?.weight === 5);
    await registration.close();
    await snapshotWhere(found, ({ endpoints }) => endpoints.length === 0);
    expect(registration.state).toEqual({ kind: 'closed' });
  });

  it('what consumers would skip for its size is refused, at the start and later, and what just fits can drain', async () => {
    newService();
    const noted = (bytes: number) => ({
      id: 'a',
      origin: 'http://127.0.0.1:8080',
      startedAt: 1,
      metadata: { note: 'x'.repeat(bytes) },
    });
    const room = 4096 - (etcdNaming().encode(service, { ...noted(0), state: 'draining' })?.length ?? 0);
    const tooLarge = { code: 'ERR_INVALID_OPTION', option: 'endpoint', value: 4097 };
    await expect(registered({ endpoint: noted(room + 1) })).rejects.toMatchObject(tooLarge);
    const registration = await registered({ endpoint: noted(room) });
    const { metadata } = registration.endpoint;
    await expect(registration.update(noted(room + 1))).rejects.toMatchObject(tooLarge);
    expect(registration.endpoint.metadata).toBe(metadata);
    await registration.drain();
    expect((await discovery().connect()).endpoints).toMatchObject([{ id: 'a', state: 'draining' }]);
  });

  it('of two processes with one id exactly one gets it, and the key of the other stays as it is', async () => {
    newService();
    const endpoint = { id: 'same', origin: 'http://127.0.0.1:8080' };
    const tries = await Promise.allSettled([
      registered({ endpoint }),
      registered({ endpoint }),
      registered({ endpoint }),
    ]);
    expect(tries.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const one of tries) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'ERR_ID_TAKEN', service, id: 'same' });
    }
    expect(await keys()).toEqual([`lb/${service}/same`]);
  });

  it('a lease that is revoked from outside is replaced, under the same key', async () => {
    newService();
    const registration = await registered();
    const before = leaseOf(registration);
    await admin.leaseClient.leaseRevoke({ ID: before });
    expect(await keys()).toEqual([]);
    await expect.poll(keys).toHaveLength(1);
    await expect.poll(() => registration.state.kind).toBe('registered');
    expect(leaseOf(registration)).not.toBe(before);
  });

  it('a key that is deleted from outside comes back within a TTL and a renewal', async () => {
    newService();
    const registration = await registered({ ttlSeconds: 2 });
    await admin.delete().key(`lb/${service}/${registration.id}`).exec();
    await expect.poll(keys).toHaveLength(1);
  });

  it('a registration outlives its TTL for as long as it is renewed', async () => {
    newService();
    const leaseId = leaseOf(await registered({ ttlSeconds: 6 }));
    // Asked for on etcd's side, in whole seconds: four are left when a renewal is due, of which a busy machine may take two.
    for (const started = performance.now(); performance.now() - started < 7000;) {
      const { TTL: left } = await admin.leaseClient.leaseTimeToLive({ ID: leaseId });
      expect(Number(left)).toBeGreaterThanOrEqual(2);
    }
    expect(await keys()).toHaveLength(1);
  });

  it('a discovery finds whoever was there before it, in pages', async () => {
    newService();
    const count = 1203;
    const value = (index: number): string => `{"Op":0,"Addr":"10.0.${index >> 8}.${index & 255}:80"}`;
    for (let start = 0; start < count; start += 100) {
      const indexes = Array.from({ length: Math.min(100, count - start) }, (_, offset) => start + offset);
      await Promise.all(indexes.map((index) => admin.put(`lb/${service}/${index}`).value(value(index))));
    }
    expect((await discovery().connect()).endpoints).toHaveLength(count);
  });

  it('a value that may not be used is skipped and published, and the last good one stays', async () => {
    newService();
    const skipped: unknown[] = [];
    cleanUp.push(channels.invalid.subscribe((message) => skipped.push([message.key, message.error.code])));
    await admin.put(`lb/${service}/good`).value('{"Op":0,"Addr":"127.0.0.1:1"}');
    await admin.put(`lb/${service}/bad`).value('{"Op":0,"Addr":"169.254.169.254:80"}');
    const found = discovery();
    expect((await found.connect()).endpoints.map(({ id }) => id)).toEqual(['good']);
    await admin.put(`lb/${service}/good`).value('{"Op":');
    await admin.put(`lb/${service}/more`).value('{"Op":0,"Addr":"127.0.0.1:2"}');
    const { endpoints } = await snapshotWhere(found, (snapshot) => snapshot.endpoints.some(({ id }) => id === 'more'));
    expect(endpoints.map(({ id }) => id)).toEqual(['good', 'more']);
    expect(skipped).toEqual([
      [`lb/${service}/bad`, 'ERR_INVALID_VALUE'],
      [`lb/${service}/good`, 'ERR_INVALID_VALUE'],
    ]);
    expect(found.status.invalid).toBe(2);
  });

  it('a restart on the same address counts once, as the newer run', async () => {
    newService();
    await admin.put(`lb/${service}/zz-old`).value('{"Op":0,"Addr":"127.0.0.1:8080"}');
    await registered({ endpoint: { id: 'new', origin: 'http://127.0.0.1:8080' } });
    const found = discovery();
    expect((await found.connect()).endpoints.map(({ id }) => id)).toEqual(['new']);
  });

  it('a discovery is connected once, read after that, and ends when it is closed', async () => {
    newService();
    const found = discovery();
    expect(() => found.current).toThrow(expect.objectContaining({ code: 'ERR_NOT_CONNECTED', service }));
    const snapshot = await found.connect();
    expect(found.current).toBe(snapshot);
    await expect(found.connect()).rejects.toMatchObject({ code: 'ERR_ALREADY_CONNECTED', service });
    const reader = found[Symbol.asyncIterator]();
    await reader.next();
    const waiting = reader.next();
    await found.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(found.current).toBe(snapshot);
  });
});

describe('without an etcd', () => {
  /** A port that was free a moment ago. */
  async function deadHost(): Promise<{ hosts: string; port: number }> {
    const etcd = await startEtcd();
    const { hosts, port } = etcd;
    await etcd.close();
    return { hosts, port };
  }

  it('connecting and registering wait until their signal aborts', async () => {
    const { hosts } = await deadHost();
    const found = discover({ hosts, service: 'hash' });
    const gone = new Error('no patience');
    await expect(found.connect({ signal: AbortSignal.abort(gone) })).rejects.toBe(gone);
    await found.close();
    const endpoint = { origin: 'http://127.0.0.1:8080' };
    const giveUp = new AbortController();
    const unsubscribe = channels.registration.subscribe(({ state }) => {
      if (state.kind === 'registering') giveUp.abort(gone);
    });
    await expect(register({ hosts, service: 'hash', endpoint, signal: giveUp.signal })).rejects.toBe(gone);
    unsubscribe();
  });

  it('closing does not wait for an etcd that hangs while somebody is to be logged in', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    cleanUp.push(() => silent.close());
    await once(silent, 'listening');
    const address = silent.address();
    const options = {
      hosts: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
      service: 'hash',
      auth: { username: 'somebody', password: 'secret' },
      // Far longer than this test may take.
      requestTimeoutMs: 600_000,
    };
    const found = discover(options);
    const connecting = found.connect();
    await once(silent, 'connection');
    await found.close();
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_CLOSED' });

    const giveUp = new AbortController();
    const endpoint = { origin: 'http://127.0.0.1:8080' };
    const registering = register({ ...options, endpoint, signal: giveUp.signal });
    await once(silent, 'connection');
    const gone = new Error('no patience');
    giveUp.abort(gone);
    await expect(registering).rejects.toBe(gone);
  });

  it('both go on by themselves once it is there', async () => {
    const { hosts, port } = await deadHost();
    const lost = Promise.withResolvers<string>();
    const failed = Promise.withResolvers<void>();
    cleanUp.push(channels.lost.subscribe(({ reason }) => lost.resolve(reason)));
    cleanUp.push(
      channels.registration.subscribe(({ state }) => {
        if (state.kind === 'registering' && state.error !== undefined) failed.resolve();
      }),
    );
    const found = discover({ hosts, service: 'hash' });
    cleanUp.push(() => found.close());
    const registering = register({ hosts, service: 'hash', endpoint: { origin: 'http://127.0.0.1:8080' } });
    const connecting = found.connect();
    expect(await lost.promise).toBe('unreachable');
    await failed.promise;

    const etcd = await startEtcd({ port });
    cleanUp.push(() => etcd.close());
    const registration = await registering;
    cleanUp.push(() => registration.close());
    await connecting;
    await expect.poll(() => found.current.endpoints.length).toBe(1);
    // It is listed first, and followed then.
    await expect.poll(() => found.status.stale).toBe(false);
  });
});

function leaseOf({ state }: Registration): string {
  if (state.kind !== 'registered') throw new Error(`It is ${state.kind}`);
  return state.leaseId;
}
