/** A registry as an operator would look at it, on every server. */
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkRegistry, type CheckReport, register } from '../src/index.ts';
import { operator, type RunningEtcd, servers } from './etcd.ts';

describe.each(servers)('on $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)(`a check${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
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

    it('tells of the member, and of nothing wrong, where nothing is', async () => {
      const { hosts } = etcd;
      await using registration = await register({
        hosts,
        service: 'fine',
        endpoint: { origin: 'http://127.0.0.1:80' },
      });
      expect(registration.state.kind).toBe('registered');
      const report = await checkRegistry({ hosts });
      const [member, ...others] = report.members;
      expect(others).toEqual([]);
      expect(member?.status).toMatchObject({ version: '3.4.23', learner: false, alarms: [] });
      expect(member?.status?.leader).toBe(member?.status?.id);
      expect(member?.status?.name).not.toBe('');
      expect(report.inspection?.services).toMatchObject([{ name: 'fine', endpoints: [{ counts: true }] }]);
      expect(codes(report)).toEqual([]);
      // Nothing of its own stays.
      expect((await admin.leaseClient.leaseLeases()).leases).toHaveLength(1);
    });

    it('finds what is wrong with what is registered', async () => {
      const value = JSON.stringify({ Op: 0, Addr: '127.0.0.1:80' });
      await admin.put('lb/wrong/a').value(value);
      await admin.put('lb/wrong/b').value('{');
      expect(codes(await checkRegistry({ hosts: etcd.hosts, service: 'wrong' }))).toEqual(['unreadable', 'no-lease']);
      await admin.delete().prefix('lb/wrong/');
    });

    it('finds that the database is full', async () => {
      const status = await admin.maintenance.status();
      await admin.maintenance.alarm({ action: 'Activate', memberID: status.header.member_id, alarm: 'Nospace' });
      const report = await checkRegistry({ hosts: etcd.hosts });
      expect(codes(report)).toEqual(['alarm', 'leases-refused']);
      expect(report.findings[0]?.severity).toBe('error');
      await admin.maintenance.alarm({ action: 'Deactivate', memberID: status.header.member_id, alarm: 'Nospace' });
    });

    it('finds what is away', async () => {
      const { hosts } = etcd;
      const one = await checkRegistry({ hosts: [hosts, 'http://127.0.0.1:1'], requestTimeoutMs: 5000 });
      expect(codes(one)).toContain('member-away');
      expect(one.members.map(({ status }) => status?.version)).toEqual(['3.4.23', undefined]);

      const all = await checkRegistry({ hosts: 'http://127.0.0.1:1' });
      expect(codes(all)).toEqual(['member-away', 'registry-away']);
      expect(all.error?.code).toBe('ERR_ETCD_UNAVAILABLE');
    });

    it('finds that the user is unknown, or may not read', async () => {
      const { hosts } = etcd;
      await admin.auth.userAdd({ name: 'root', password: 'rootpw' });
      await admin.auth.userAdd({ name: 'app', password: 'apppw' });
      await admin.auth.roleAdd({ name: 'root' });
      await admin.auth.roleAdd({ name: 'one' });
      const perm = { permType: 'Read', key: Buffer.from('lb/one/'), range_end: Buffer.from('lb/one0') } as const;
      await admin.auth.roleGrantPermission({ name: 'one', perm });
      await admin.auth.userGrantRole({ user: 'root', role: 'root' });
      await admin.auth.userGrantRole({ user: 'app', role: 'one' });
      await admin.auth.authEnable();
      const all = { username: 'root', password: 'rootpw' };
      try {
        expect(codes(await checkRegistry({ hosts, auth: all }))).toEqual([]);
        expect(codes(await checkRegistry({ hosts }))).toEqual(['credentials']);
        expect(codes(await checkRegistry({ hosts, auth: { ...all, password: 'x' } }))).toEqual(['credentials']);
        const denied = await checkRegistry({ hosts, auth: { username: 'app', password: 'apppw' } });
        expect(codes(denied)).toEqual(['registry-denied']);
        expect(denied.error?.code).toBe('ERR_ETCD_DENIED');

        const asRoot = new Etcd3({ hosts, auth: all });
        const overridesPerm = { ...perm, key: Buffer.from('lb-overrides/'), range_end: Buffer.from('lb-overrides0') };
        await asRoot.auth.roleGrantPermission({ name: 'one', perm: { ...overridesPerm, permType: 'Readwrite' } });
        asRoot.close();
        const one = await checkRegistry({ hosts, service: 'one', auth: { username: 'app', password: 'apppw' } });
        expect(one.findings.map(({ what }) => what)).toEqual(['it may not write lb/one/, which takes to register']);
      } finally {
        const asRoot = new Etcd3({ hosts, auth: all });
        await asRoot.auth.authDisable();
        asRoot.close();
      }
    });
  });
});

/** Without what a busy machine adds. */
function codes({ findings }: CheckReport): string[] {
  return findings.map(({ code }) => code).filter((code) => code !== 'member-slow' && code !== 'lease-late');
}
