import { spawnSync } from 'node:child_process';
import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { hasEtcd, type RealEtcd, startRealEtcd } from '@lb/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from './etcdctl/commands.ts';
import { type Command, etcdctl, linesOf } from './etcdctl/run.ts';

const hasEtcdctl = spawnSync('etcdctl', ['version']).status === 0;
const missing = hasEtcd() && hasEtcdctl ? '' : ' (skipped: etcd and etcdctl must be on the PATH)';

describe.skipIf(missing !== '')(`etcdctl shows the same of this server and of a real etcd${missing}`, () => {
  let embedded: EmbeddedEtcd;
  let real: RealEtcd;
  let passed = 0;
  const kept = new Map<string, Map<string, string>>();

  beforeAll(async () => {
    [embedded, real] = await Promise.all([startEtcd(), startRealEtcd({ args: ['--bcrypt-cost', '4'] })]);
  });

  afterAll(async () => {
    await Promise.all([embedded.close(), real.close()]);
    process.stdout.write(`etcdctl: ${passed} of ${commands.length} commands show the same\n`);
  });

  async function run(endpoint: string, { args, keep, ...rest }: Command) {
    const names = kept.get(endpoint) ?? new Map<string, string>();
    kept.set(endpoint, names);
    const filled = args.map((arg) => arg.replaceAll(/\{(\w+)\}/g, (_all, name: string) => names.get(name) ?? ''));
    const { code, stdout, stderr } = await etcdctl(endpoint, filled, rest);
    if (keep !== undefined) names.set(keep[0], keep[1].exec(stdout)?.[1] ?? '');
    return { code, stdout: linesOf(stdout, endpoint), stderr: linesOf(stderr, endpoint) };
  }

  test.each(commands)('%s', async (_name, command) => {
    const given = typeof command === 'string' ? { args: command.split(' ') } : command;
    const [shown, expected] = await Promise.all([run(embedded.address, given), run(real.address, given)]);
    expect(shown).toEqual(expected);
    passed += 1;
  });
});
