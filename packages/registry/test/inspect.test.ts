/** What stands in etcd, read once, on every server. */
import type { Etcd3 } from 'etcd3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { discover, inspect, type InspectedService, openOverrides, register } from '../src/index.ts';
import { operator, type RunningEtcd, servers } from './etcd.ts';

/** A busy machine is no fault. */
const requestTimeoutMs = 60_000;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

describe.each(servers)('on $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)(`reading${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    let etcd: RunningEtcd;
    let admin: Etcd3;

    beforeAll(async () => {
      etcd = await start();
      admin = operator(etcd.hosts);
    });
    afterAll(async () => {
      admin.close();
      await etcd.close();
    });

    async function registered(service: string, id: string, port: number): Promise<void> {
      const endpoint = { id, origin: `http://127.0.0.1:${port}` };
      const registration = await register({ hosts: etcd.hosts, service, endpoint, ttlSeconds: 20 });
      cleanUp.push(() => registration.close());
    }

    async function put(key: string, value: string): Promise<void> {
      await admin.put(key).value(value);
      cleanUp.push(() => admin.delete().key(key));
    }

    async function only(service: string): Promise<InspectedService> {
      const { services } = await inspect({ hosts: etcd.hosts, requestTimeoutMs, service });
      expect(services.map(({ name }) => name)).toEqual([service]);
      return services[0]!;
    }

    it('gives every service, its endpoints and how long their leases have', async () => {
      await registered('b', 'one', 8081);
      await registered('a', 'two', 8082);
      await registered('a', 'one', 8083);
      await put('lb/a/three', JSON.stringify({ Op: 0, Addr: '127.0.0.1:8084' }));
      const { services, revision } = await inspect({ hosts: etcd.hosts, requestTimeoutMs });
      expect(revision).toBeGreaterThan(4);
      expect(services).toMatchObject([
        {
          name: 'a',
          endpoints: [
            { endpoint: { id: 'one' }, counts: true, lease: { grantedSeconds: 20 } },
            { endpoint: { id: 'three' }, counts: true, leaseId: undefined, lease: undefined },
            { endpoint: { id: 'two' }, counts: true, lease: { grantedSeconds: 20 } },
          ],
          unreadable: [],
        },
        { name: 'b', endpoints: [{ endpoint: { id: 'one' } }] },
      ]);
      const left = services[0]?.endpoints[0]?.lease?.leftSeconds ?? -1;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(20);
    });

    it('treats endpoints as discovery does: overrides, ids and addresses taken twice', async () => {
      await using overrides = openOverrides({ hosts: etcd.hosts, requestTimeoutMs, service: 'treated' });
      await overrides.set('new', { weight: 7 }, 'ops');
      await overrides.set('*', { state: 'draining' }, 'ops');
      cleanUp.push(() => admin.delete().prefix('lb-overrides/treated/'));
      await registered('treated', 'old', 8081);
      await registered('treated', 'new', 8081);
      await registered('treated', 'other', 8082);
      await using found = discover({ hosts: etcd.hosts, service: 'treated' });
      const { endpoints, overrides: set } = await only('treated');
      expect(endpoints.filter(({ counts }) => counts).map(({ endpoint }) => endpoint)).toEqual(
        (await found.connect()).endpoints.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      );
      expect(endpoints.find(({ endpoint }) => endpoint.id === 'old')?.counts).toBe(false);
      expect([...set.keys()].toSorted()).toEqual(['*', 'new']);
      expect(set.get('new')?.weight).toMatchObject({ to: 7, by: 'ops' });
    });

    it('tells what cannot be read, by keys that are safe to print', async () => {
      await put('lb/bad/a\u001B', '{}');
      await put('lb/bad/b', JSON.stringify({ Op: 0, Addr: '169.254.169.254:80' }));
      await put('lb-overrides/bad/c', 'x');
      await put('lb/\u001B/d', '{}');
      expect(await only('bad')).toMatchObject({
        endpoints: [],
        unreadable: [
          { subject: 'endpoints', key: 'lb/bad/a\\u001b', why: '"Addr" is not a string' },
          { subject: 'endpoints', key: 'lb/bad/b', why: 'the address is one that no endpoint may have' },
          { subject: 'overrides', key: 'lb-overrides/bad/c', why: 'it is not JSON' },
        ],
      });
      const { services } = await inspect({ hosts: etcd.hosts, requestTimeoutMs, leases: false });
      expect(services.find(({ name }) => name === '\\u001b')?.unreadable).toMatchObject([
        { key: 'lb/\\u001b/d', why: 'its key names no service' },
      ]);
    });

    it('gives a service that nobody has registered as one without endpoints', async () => {
      expect(await only('nobody')).toMatchObject({ endpoints: [], unreadable: [] });
    });
  });
});

it('rejects while etcd is away', async () => {
  await expect(inspect({ hosts: '127.0.0.1:1' })).rejects.toMatchObject({ code: 'ERR_ETCD_UNAVAILABLE' });
  await expect(inspect({ hosts: '127.0.0.1:1', service: '../x' })).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
  });
});
