/** Every command, on every server. */
import type { Endpoint, Snapshot } from '@lb/core';
import { discover, type EtcdDiscovery, register, type Registration } from '@lb/registry';
import { Etcd3 } from 'etcd3';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { run } from '../src/run.ts';
import { testWorld } from '../src/testing.ts';
import { asProcess, type Env, follow, onFullDisk, unheard } from './lb.ts';
import { type RunningEtcd, servers } from './servers.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

describe.each(servers)('on $name', ({ missing, start, lb }) => {
  describe.skipIf(missing !== undefined)(`commands${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    let etcd: RunningEtcd;
    let env: Env;
    let admin: Etcd3;

    beforeAll(async () => {
      etcd = await start();
      env = { ETCD_HOSTS: etcd.hosts };
      admin = new Etcd3({ hosts: etcd.hosts });
    });
    afterAll(async () => {
      admin.close();
      await etcd.close();
    });

    async function registered(service: string, id: string, port: number, weight = 1): Promise<Registration> {
      const registration = await register({
        hosts: etcd.hosts,
        service,
        endpoint: { id, origin: `http://127.0.0.1:${port}`, weight },
      });
      cleanUp.push(() => registration.close());
      return registration;
    }

    async function put(key: string, value: string): Promise<void> {
      await admin.put(key).value(value);
      cleanUp.push(() => admin.delete().key(key));
    }

    it('lists services and endpoints', async () => {
      await registered('listed', 'small', 8081);
      await registered('listed', 'large', 8083, 3);
      expect(await lb(['ls'], env)).toMatchObject({
        code: 0,
        error: '',
        out: expect.stringMatching(/\nlisted +2 +2 +0 +4 +0 +0\n/),
      });
      const { out, code } = await lb(['ls', 'listed'], env);
      expect(code).toBe(0);
      expect(out).toMatch(/\nlarge +http:\/\/127\.0\.0\.1:8083 +serving +3 +75\.0 % +- +- +\d+ s +1[0-5]\/15 s\n/);
      const json = (await lb(['ls', 'listed', '--json'], env)).out.trimEnd().split('\n');
      expect(json.map((line) => JSON.parse(line))).toMatchObject([
        { service: 'listed', id: 'large', weight: 3, counts: true, lease: { grantedSeconds: 15 } },
        { service: 'listed', id: 'small', weight: 1, state: 'serving' },
      ]);
    });

    it('says that what was asked for by name is not there', async () => {
      expect(await lb(['ls', 'nothing'], env)).toEqual({ code: 1, out: 'No endpoint is registered.\n', error: '' });
    });

    it('lets nothing that somebody has put into etcd reach the terminal', async () => {
      const note = '\u001B[2J\u001B]52;c;aGk=\u0007\u202E';
      await put('lb/hostile/a', JSON.stringify({ Op: 0, Addr: '10.0.0.1:80', lb: { v: 1, metadata: { note } } }));
      await put(`lb/hostile/${note}`, note);
      await put(`lb/${note}/x`, '{}');
      await put(`lb-overrides/hostile/${note}`, note);
      const said = async (args: string[]): Promise<string> => {
        const { out, error } = await lb(args, env);
        expect(out + error).not.toMatch(/[^\n\x20-\x7e]/);
        return out + error;
      };
      for (const args of [['ls'], ['ls', 'hostile'], ['ls', '--json']]) expect(await said(args)).not.toBe('');
      expect(await said(['__complete', 'ls', ''])).not.toBe('');
      expect((await lb(['ls', 'hostile'], env)).error).toMatch(/hostile: consumers skip lb\/hostile\/\\u001b\[2J/);
    });

    it('says what consumers skip, also to those who read JSON', async () => {
      await put('lb/skipped/a', '{');
      await put('lb-overrides/skipped/a', '{');
      const registrations = 'lb: skipped: consumers skip lb/skipped/a: the etcdNaming codec cannot read it\n';
      const overrides = 'lb: skipped: consumers skip lb-overrides/skipped/a: it is not JSON\n';
      for (const json of [[], ['--json']]) {
        expect((await lb(['ls', 'skipped', ...json], env)).error).toBe(registrations + overrides);
        expect((await lb(['override', 'ls', 'skipped', ...json], env)).error).toBe(overrides);
      }
    });

    it('gives no share to who is replaced', async () => {
      await put('lb/twice/a', JSON.stringify({ Op: 0, Addr: '10.0.0.1:80' }));
      await put('lb/twice/%61', JSON.stringify({ Op: 0, Addr: '10.0.0.2:80' }));
      const { out } = await lb(['ls', 'twice'], env);
      expect(out).toMatch(/\na +http:\/\/10\.0\.0\.1:80 +replaced +1 +0\.0 % /);
      expect(out).toMatch(/\na +http:\/\/10\.0\.0\.2:80 +serving +1 +100\.0 % /);
    });

    it('reads addresses of the ranges that it is told of', async () => {
      await put('lb/abroad/a', JSON.stringify({ Op: 0, Addr: '203.0.113.9:80' }));
      expect((await lb(['ls', 'abroad'], env)).error).toContain('the address is outside the allowed ranges');
      expect(await lb(['ls', 'abroad', '--allow', '203.0.113.0/24, 10.0.0.0/8'], env)).toMatchObject({
        code: 0,
        error: '',
      });
    });

    it('offers services and endpoints to a shell, and none that a shell would run', async () => {
      await registered('offered', '$(reboot)', 8081);
      await registered('offered', 'harmless', 8082);
      expect((await lb(['__complete', 'ls', 'off'], env)).out).toBe('offered\n');
      expect((await lb(['__complete', 'drain', 'offered', ''], env)).out).toBe('harmless\n');
      expect((await lb(['drain', 'offered', '$(reboot)'], env)).out).toMatch(
        / lb drain offered '\$\(reboot\)' --undo\n$/,
      );
      await lb(['drain', 'offered', '$(reboot)', '--undo'], env);
    });

    it('drains an endpoint for every consumer, and takes it back', async () => {
      await registered('drained', 'small-1', 8081);
      await registered('drained', 'large-1', 8082);
      await using found = discover({ hosts: etcd.hosts, service: 'drained' });
      await found.connect();
      expect(await lb(['drain', 'drained', 'large', '--by', 'ops'], env)).toEqual({
        code: 0,
        out: 'drained: large-1 drains: no new requests. To undo: lb drain drained large-1 --undo\n',
        error: '',
      });
      await until(found, ({ endpoints }) => stateOf(endpoints, 'large-1') === 'draining');
      expect((await lb(['ls', 'drained'], env)).out).toMatch(/\nlarge-1 +\S+ +draining\* +1 +0\.0 %/);
      expect((await lb(['drain', 'drained', '*'], env)).error).toBe(
        'lb: drained has no serving endpoint left; consumers go on with those that drain\n',
      );
      await lb(['drain', 'drained', '*', '--undo'], env);
      expect(await lb(['drain', 'drained', 'large-1', '--undo'], env)).toMatchObject({
        code: 0,
        out: 'drained: large-1 serves again, unless it drains by itself; ops had set it to drain\n',
      });
      await until(found, ({ endpoints }) => endpoints.every(({ state }) => state === 'serving'));
    });

    it('sets a weight for one or all, and takes it back', async () => {
      await registered('weighed', 'a', 8081, 3);
      await registered('weighed', 'b', 8082);
      await using found = discover({ hosts: etcd.hosts, service: 'weighed' });
      await found.connect();
      const weights = (...wanted: number[]): Promise<unknown> =>
        until(found, ({ endpoints }) => endpoints.map(({ weight }) => weight).join() === wanted.join());
      expect((await lb(['weight', 'weighed', '*', '5'], env)).out).toBe('weighed: * has weight 5 after 3, 1\n');
      await weights(5, 5);
      expect((await lb(['weight', 'weighed', 'b', '0.5'], env)).out).toBe('weighed: b has weight 0.5 after 5\n');
      await weights(5, 0.5);
      await lb(['weight', 'weighed', '*', '--clear'], env);
      await weights(3, 0.5);
      expect((await lb(['weight', 'weighed', 'b', '--clear', '--by', 'x'], env)).out).toMatch(
        /^weighed: no weight is set for b; \S+ had set 0\.5\n$/,
      );
      await weights(3, 1);
    });

    it('lists, sets and clears overrides, also for what is not registered', async () => {
      const set = ['override', 'set', 'overridden', 'gone', '--weight', '2', '--max-concurrency', '9', '--by', 'ops'];
      expect(await lb(set, env)).toEqual({
        code: 0,
        out: 'overridden: set for gone: weight 2, max concurrency 9\n',
        error: '',
      });
      expect((await lb(['override', 'ls', 'overridden'], env)).out).toMatch(
        /^SERVICE +TARGET +FIELD +VALUE +SET BY +WHEN\noverridden +gone \(not registered\) +weight +2 +ops +\d+ s ago\n/,
      );
      expect(JSON.parse((await lb(['override', 'ls', '--json'], env)).out)).toMatchObject({
        service: 'overridden',
        target: 'gone',
        weight: { to: 2, by: 'ops' },
        maxConcurrency: { to: 9 },
      });
      expect((await lb(['override', 'clear', 'overridden', 'gone', '--weight'], env)).out).toBe(
        'overridden: set for gone: max concurrency 9\n',
      );
      expect((await lb(['override', 'clear', 'overridden', 'gone'], env)).out).toBe(
        'overridden: set for gone: nothing\n',
      );
      expect((await lb(['override', 'ls'], env)).out).toBe('Nothing is set.\n');
    });

    it('asks which endpoint is meant, and exits with 1', async () => {
      await registered('asked', 'small-1', 8081);
      await registered('asked', 'small-2', 8082);
      expect(await lb(['drain', 'asked', 'small'], env)).toEqual({
        code: 1,
        out: '',
        error: 'lb: Several endpoints of "asked" begin with "small": small-1, small-2 (ERR_NOT_FOUND)\n',
      });
      expect((await lb(['weight', 'asked', 'large', '1'], env)).error).toBe(
        'lb: No endpoint of "asked" is called "large": small-1, small-2 (ERR_NOT_FOUND)\n',
      );
      expect((await lb(['weight', 'unknown', 'x', '1'], env)).error).toContain('; none is registered');
      expect(await lb(['drain', 'unknown', '*'], env)).toMatchObject({ code: 1, out: '' });
      expect((await lb(['override', 'ls', 'unknown'], env)).out).toBe('Nothing is set.\n');
    });

    it('follows a service, a line a change', async () => {
      const first = await registered('followed', 'a', 8081);
      await using watch = follow(['watch', 'followed'], env);
      expect(await watch.line(() => true)).toMatch(/Z followed a joined: http:\/\/127\.0\.0\.1:8081, weight 1$/);
      await registered('followed', 'b', 8082, 2);
      await watch.line((line) => line.endsWith('followed b joined: http://127.0.0.1:8082, weight 2'));
      await first.drain();
      await watch.line((line) => line.endsWith('followed a is draining'));
      await first.close();
      await watch.line((line) => line.endsWith('followed a left'));
      expect(await watch.stop()).toBe(0);
    });

    it('follows all services, those that come later, too, as JSON', async () => {
      await using watch = follow(['watch', '--json'], env);
      await registered('late', 'a', 8081);
      const line = await watch.line((text) => text.includes('"late"') && text.includes('"id":"a"'));
      expect(JSON.parse(line)).toMatchObject({ kind: 'snapshot', service: 'late', endpoints: [{ id: 'a' }] });
      expect(await watch.stop()).toBe(0);
    });

    it('gives the same view as discovery does', async () => {
      await registered('same', 'old', 8081);
      await registered('same', 'new', 8081, 5);
      await registered('same', 'other', 8082);
      await using found = discover({ hosts: etcd.hosts, service: 'same' });
      const { endpoints } = await found.connect();
      const lines = (await lb(['ls', 'same', '--json'], env)).out.trimEnd().split('\n');
      const counting = lines.map((line) => JSON.parse(line)).filter(({ counts }) => counts);
      expect(counting.map(({ id }) => id)).toEqual(endpoints.map(({ id }) => id));
      expect((await lb(['ls', 'same'], env)).out).toMatch(/\nold +http:\/\/127\.0\.0\.1:8081 +replaced/);
    });
  });
});

it('exits with 3, in one line, while etcd is away', async () => {
  for (const args of [['ls'], ['ls', 'hash'], ['watch']]) {
    const { out, error, code } = await asProcess([...args, '--etcd', '127.0.0.1:1']);
    expect({ out, code }).toEqual({ out: '', code: 3 });
    expect(error).toBe(
      'lb: etcd at 127.0.0.1:1: range failed, nothing answered (connect ECONNREFUSED 127.0.0.1:1); ' +
        'is it running, and is --etcd (ETCD_HOSTS) right? (ERR_ETCD_UNAVAILABLE)\n',
    );
  }
});

it.each([
  ['override', 'set', 'hash', 'a', '--weight', '1'],
  ['override', 'clear', 'hash', 'a'],
])('stops when it is told to, though etcd does not answer: %s %s', async (...args) => {
  const silent = createServer().listen(0, '127.0.0.1');
  cleanUp.push(() => silent.close());
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const stop = new AbortController();
  const world = testWorld({ signal: stop.signal });
  const running = run([...args, '--etcd', `127.0.0.1:${port}`, '--timeout', '600000'], world);
  await once(silent, 'connection');
  stop.abort();
  expect(await running).toBe(1);
  expect(world.stderr.text).toBe('lb: stopped before it was done\n');
});

it('says in one line that what it writes finds no room, and that in the exit code', () => {
  const error = 'lb: ENOSPC: no space left on device, write\n';
  expect(onFullDisk(['--help'])).toEqual({ error, code: 1 });
});

it('exits as it would have when nobody reads its errors', async () => {
  expect(await unheard(['nothing'])).toBe(2);
  expect(await unheard(['ls', '--etcd', '127.0.0.1:1'])).toBe(3);
});

it('keeps a password in the URL of a consumer to itself', async () => {
  const { error, code } = await asProcess(['watch', '--consumer', 'http://me:secret@127.0.0.1:1/']);
  expect({ error, code }).toEqual({
    error: 'lb: The URL of a consumer takes no user and no password (ERR_USAGE)\n',
    code: 2,
  });
});

/** The first snapshot that passes. */
async function until(found: EtcdDiscovery, passes: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  for await (const snapshot of found) if (passes(snapshot)) return snapshot;
  throw new Error('The discovery ended first');
}

function stateOf(endpoints: readonly Endpoint[], wanted: string): Endpoint['state'] | undefined {
  return endpoints.find(({ id }) => id === wanted)?.state;
}
