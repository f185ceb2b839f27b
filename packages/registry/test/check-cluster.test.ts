/** A check of a cluster of three, as its members go. */
import { freePort, hasEtcd, type RealEtcd, startRealEtcd } from '@lb/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkRegistry, type CheckReport } from '../src/index.ts';

const missing = hasEtcd() ? '' : ' (skipped: there is no etcd on the PATH)';

describe.skipIf(missing !== '')(`a cluster of three${missing}`, () => {
  let members: readonly RealEtcd[];
  let hosts: readonly string[];

  beforeAll(async () => {
    const peers = await Promise.all([1, 2, 3].map(async (number) => [`m${number}`, await freePort()] as const));
    const urls = peers.map(([name, port]) => `${name}=http://127.0.0.1:${port}`).join(',');
    members = await Promise.all(
      peers.map(([name, port]) => {
        const peer = `http://127.0.0.1:${port}`;
        // What is given last counts.
        const args = ['--name', name, '--initial-cluster', urls, '--listen-peer-urls', peer];
        return startRealEtcd({ args: [...args, '--initial-advertise-peer-urls', peer] });
      }),
    );
    hosts = members.map((member) => member.hosts);
  });
  afterAll(async () => {
    await Promise.all(members.map((member) => member.close()));
  });

  it('tells of all of them while they run, and of one that it was not given', async () => {
    const report = await checkRegistry({ hosts });
    expect(codes(report)).toEqual([]);
    expect(report.members.map(({ status }) => status?.name)).toEqual(['m1', 'm2', 'm3']);
    expect(new Set(report.members.map(({ status }) => status?.leader)).size).toBe(1);

    const partial = await checkRegistry({ hosts: hosts.slice(0, 2) });
    expect(codes(partial)).toEqual(['member-unlisted']);
    expect(partial.findings.find(({ code }) => code === 'member-unlisted')?.what).toBe(
      `the cluster has 1 more: m3 ${hosts[2]}`,
    );
  });

  it('tells of the one that is gone, and reads on', async () => {
    await members[2]?.kill();
    const report = await untilFound('member-away');
    expect(report.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report.inspection).toBeDefined();
  });

  it('tells that the last one has no leader, and that nothing can be read', async () => {
    await members[1]?.kill();
    const report = await untilFound('no-leader');
    expect(codes(report)).toContain('registry-away');
    expect(report.inspection).toBeUndefined();
  });

  /** A cluster takes a second or two to notice. */
  async function untilFound(code: string): Promise<CheckReport> {
    for (;;) {
      const report = await checkRegistry({ hosts });
      const settled = !codes(report).includes('leaders-differ') && (code === 'no-leader' || report.error === undefined);
      if (settled && codes(report).includes(code)) return report;
    }
  }
});

/** Without what a busy machine adds. */
function codes({ findings }: CheckReport): string[] {
  return findings.map(({ code }) => code).filter((code) => code !== 'member-slow');
}
