/** Exit codes by what is wrong, where nobody else meddles with the server. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { register } from '@lb/registry';
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { asProcess, type Env } from './lb.ts';
import { type RunningEtcd, servers } from './servers.ts';

describe.each(servers)('on $name', ({ missing, start, lb }) => {
  describe.skipIf(missing !== undefined)(`checks${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    let etcd: RunningEtcd;
    let env: Env;
    let admin: Etcd3;
    let folder: string;

    beforeAll(async () => {
      etcd = await start();
      env = { ETCD_HOSTS: etcd.hosts };
      admin = new Etcd3({ hosts: etcd.hosts });
      folder = await mkdtemp(join(tmpdir(), 'lb-cli-'));
    });
    afterAll(async () => {
      admin.close();
      await etcd.close();
      await rm(folder, { recursive: true });
    });

    it('exits with 0 where nothing is wrong, and with 1 for an error, or a warning if asked', async () => {
      const endpoint = { id: 'a', origin: 'http://127.0.0.1:80' };
      await using registration = await register({ hosts: etcd.hosts, service: 'checked', endpoint, ttlSeconds: 60 });
      const fine = await lb(['check', '--timeout', '20000'], env);
      expect(fine).toMatchObject({ code: 0, error: '' });
      expect(fine.out).toMatch(/^MEMBER +NAME .*\n127\.0\.0\.1:\d+ +\S+ +3\.4\.23 +leader /);
      expect(fine.out).toMatch(/\nRegistry at revision \d+: 1 service, 1 endpoint, 0 overrides\.\n/);

      await admin.put('lb/checked/b').value('{');
      const warned = await lb(['check', 'checked'], env);
      expect(warned.out).toContain('warning lb/checked/b: consumers skip it: ');
      expect(warned.code).toBe(0);
      expect((await lb(['check', 'checked', '--strict'], env)).code).toBe(1);

      await registration.drain();
      const wrong = await lb(['check', 'checked', '--json'], env);
      expect(wrong.code).toBe(1);
      expect(JSON.parse(wrong.out)).toMatchObject({
        members: [{ status: { version: '3.4.23' }, error: null }],
        registry: { services: [{ name: 'checked', endpoints: 1, unreadable: 1 }] },
        error: null,
        findings: [{ severity: 'error', code: 'all-draining' }, { code: 'unreadable' }],
      });
      await admin.delete().all();
    });

    it('exits with 4, and tells no secret, while etcd does not let us in', async () => {
      await admin.auth.userAdd({ name: 'root', password: 'right-password' });
      await admin.auth.roleAdd({ name: 'root' });
      await admin.auth.userGrantRole({ user: 'root', role: 'root' });
      await admin.auth.userAdd({ name: 'app', password: 'app-password' });
      await admin.auth.authEnable();
      const file = join(folder, 'password');
      writeFileSync(file, 'right-password\n');
      const asRoot = ['--user', 'root', '--password-file', file];
      const withPassword = (password: string): Env => ({ ...env, ETCD_PASSWORD: password });
      const outcomes = [
        await lb(['ls', ...asRoot], env),
        await lb(['ls', '--user', 'root'], withPassword('right-password')),
        await lb(['ls'], env),
        await lb(['ls', '--user', 'root'], withPassword('wrong-password')),
        await lb(['ls', '--user', 'app'], withPassword('app-password')),
        await lb(['override', 'set', 'hash', 'a', '--weight', '1', '--user', 'app'], withPassword('app-password')),
        await lb(['check', '--user', 'app'], withPassword('app-password')),
        await lb(['watch', '--user', 'app'], withPassword('app-password')),
      ];
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 4, 4, 4, 4, 4, 4]);
      for (const { out, error } of outcomes) expect(out + error).not.toMatch(/(?:right|wrong|app)-password/);
      expect(outcomes[2]?.error).toMatch(/^lb: .*; see --user and --password-file \(ERR_ETCD_UNAUTHENTICATED\)\n$/);
      expect(outcomes[4]?.error).toMatch(/\(ERR_ETCD_DENIED\)\n$/);
      expect(outcomes[6]?.out).toContain('(registry-denied)');
    });
  });
});

it('exits with 3 when no member answers, and tells of each', async () => {
  const { out, code } = await asProcess(['check', '--etcd', '127.0.0.1:1,127.0.0.1:2']);
  expect(code).toBe(3);
  expect(out).toMatch(/127\.0\.0\.1:1 +- +- +away[^]*127\.0\.0\.1:2 +- +- +away[^]*3 errors, 0 warnings, 0 notes\./);
});
