/** What operators set, on every server. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { channels, discover, type EtcdDiscovery, openOverrides, type Overrides, register } from '../src/index.ts';
import { operator, type RunningEtcd, servers } from './etcd.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

describe.each(servers)('on $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)(`overrides${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    let etcd: RunningEtcd;
    let services = 0;

    beforeAll(async () => {
      etcd = await start();
    });
    afterAll(() => etcd.close());

    async function setUp(): Promise<{ service: string; overrides: Overrides; found: EtcdDiscovery }> {
      const service = `service-${(services += 1)}`;
      const overrides = openOverrides({ hosts: etcd.hosts, service, requestTimeoutMs: 60_000 });
      const found = discover({ hosts: etcd.hosts, service });
      cleanUp.push(
        () => overrides.close(),
        () => found.close(),
      );
      return { service, overrides, found };
    }

    async function registered(service: string, id: string, port: number): Promise<() => Promise<void>> {
      const endpoint = { id, origin: `http://127.0.0.1:${port}`, weight: 2 };
      // Longer than a busy machine may take for a test.
      const registration = await register({ hosts: etcd.hosts, service, endpoint, ttlSeconds: 60 });
      cleanUp.push(() => registration.close());
      return () => registration.close();
    }

    it('change endpoints, and say what was registered, by whom it was changed, and when', async () => {
      const { service, overrides, found } = await setUp();
      await registered(service, 'a', 1);
      await found.connect();
      const before = Date.now();
      await overrides.set('a', { weight: 7, state: 'draining', maxConcurrency: 3 }, 'ops@example.org');
      await expect.poll(() => found.current.endpoints[0]?.weight).toBe(7);
      const [endpoint] = found.current.endpoints;
      expect(endpoint).toMatchObject({ weight: 7, state: 'draining', maxConcurrency: 3 });
      expect(endpoint?.overridden).toEqual({
        weight: { registered: 2, by: 'ops@example.org', at: expect.any(Number) },
        state: { registered: 'serving', by: 'ops@example.org', at: expect.any(Number) },
        maxConcurrency: { registered: undefined, by: 'ops@example.org', at: expect.any(Number) },
      });
      expect(endpoint?.overridden?.weight?.at).toBeGreaterThanOrEqual(before);

      await overrides.clear('a', ['state', 'maxConcurrency']);
      await expect.poll(() => found.current.endpoints[0]?.state).toBe('serving');
      expect(found.current.endpoints[0]).toMatchObject({ weight: 7 });
      await overrides.clear('a');
      await expect.poll(() => found.current.endpoints[0]?.weight).toBe(2);
      expect(found.current.endpoints[0]?.overridden).toBeUndefined();
    });

    it('of one endpoint count before those of all, field by field', async () => {
      const { service, overrides, found } = await setUp();
      await registered(service, 'a', 1);
      await registered(service, 'b', 2);
      await overrides.set('*', { weight: 5, maxConcurrency: 9 }, 'one');
      await overrides.set('a', { weight: 0 }, 'two');
      const { endpoints } = await found.connect();
      expect(endpoints.map(({ id, weight, maxConcurrency }) => [id, weight, maxConcurrency])).toEqual([
        ['a', 0, 9],
        ['b', 5, 9],
      ]);
      expect(endpoints[0]?.overridden).toMatchObject({ weight: { by: 'two' }, maxConcurrency: { by: 'one' } });
    });

    it('outlive the registration that they are for, and wait for the next of that id', async () => {
      const { service, overrides, found } = await setUp();
      const leave = await registered(service, 'a', 1);
      await overrides.set('a', { weight: 0 }, 'ops');
      await found.connect();
      await leave();
      await expect.poll(() => found.current.endpoints).toEqual([]);
      await registered(service, 'a', 1);
      await expect.poll(() => found.current.endpoints[0]?.weight).toBe(0);
    });

    it('of several operators at once all count', async () => {
      const { overrides } = await setUp();
      const changes = [{ weight: 3 }, { state: 'draining' }, { maxConcurrency: 4 }] as const;
      await Promise.all(changes.map((change, index) => overrides.set('a', change, `operator ${index}`)));
      expect((await overrides.list()).get('a')).toMatchObject({
        weight: { to: 3, by: 'operator 0' },
        state: { to: 'draining', by: 'operator 1' },
        maxConcurrency: { to: 4, by: 'operator 2' },
      });
    });

    it('that cannot be read are skipped and published, and what was there before stays', async () => {
      const { service, overrides, found } = await setUp();
      const skipped: string[] = [];
      cleanUp.push(channels.invalid.subscribe(({ subject, key }) => skipped.push(`${subject} ${key}`)));
      await registered(service, 'a', 1);
      await overrides.set('a', { weight: 7 }, 'ops');
      await found.connect();
      await using admin = Object.assign(operator(etcd.hosts), {
        [Symbol.asyncDispose](this: { close(): void }): Promise<void> {
          this.close();
          return Promise.resolve();
        },
      });
      await admin.put(`lb-overrides/${service}/a`).value('{"v":1,"weight":{"to":-1,"by":"x","at":0}}');
      await expect.poll(() => skipped).toEqual([`overrides lb-overrides/${service}/a`]);
      expect(found.current.endpoints[0]?.weight).toBe(7);
    });

    it('are refused when they say nothing, or too much', async () => {
      const { overrides } = await setUp();
      const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' });
      await expect(overrides.set('a', {}, 'ops')).rejects.toEqual(invalid);
      await expect(overrides.set('a', { weight: -1 }, 'ops')).rejects.toEqual(invalid);
      await expect(overrides.set('a', { weight: 1 }, '')).rejects.toEqual(invalid);
      await expect(overrides.set('a b', { weight: 1 }, 'ops')).rejects.toEqual(invalid);
      expect(await overrides.list()).toEqual(new Map());
    });
  });
});
