/** Certificates from files, on a server that asks for one. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { createAuthority } from '@lb/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { inProcess } from './lb.ts';

let folder: string;
let etcd: EmbeddedEtcd;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lb-cli-'));
  const authority = createAuthority();
  etcd = await startEtcd({ tls: { ...authority.issue('server'), ca: authority.ca } });
  const client = authority.issue('client');
  const other = createAuthority();
  for (const [name, text] of Object.entries({
    ca: authority.ca,
    other: other.ca,
    cert: client.cert,
    key: client.key,
  })) {
    writeFileSync(join(folder, name), text);
  }
  env = { ETCD_HOSTS: etcd.hosts.replace('http:', 'https:') };
});
afterAll(async () => {
  await etcd.close();
  await rm(folder, { recursive: true });
});

const file = (name: string): string => join(folder, name);

it('lets in whoever has them, by options or by variables', async () => {
  const args = ['ls', '--ca', file('ca'), '--cert', file('cert'), '--key', file('key')];
  expect(await inProcess(args, env)).toMatchObject({ code: 0, error: '' });
  const variables = { ...env, ETCD_CA_FILE: file('ca'), ETCD_CERT_FILE: file('cert'), ETCD_KEY_FILE: file('key') };
  expect(await inProcess(['ls'], variables)).toMatchObject({ code: 0, error: '' });
});

it.each([
  ['an authority that nobody knows', [], 3],
  ['another authority', ['--ca', 'other'], 3],
  ['no certificate of its own', ['--ca', 'ca'], 3],
  ['a certificate without its key', ['--ca', 'ca', '--cert', 'cert'], 2],
  ['a file that is none', ['--ca', 'nowhere'], 2],
])('says what is wrong with %s', async (_what, options, exitCode) => {
  const args = options.map((word) => (word.startsWith('--') ? word : file(word)));
  const { code, error, out } = await inProcess(['ls', ...args], env);
  expect({ code, out }).toEqual({ code: exitCode, out: '' });
  expect(error.trimEnd().split('\n')).toHaveLength(1);
  if (exitCode === 3)
    expect(error).toMatch(/; see --ca, --cert and --key \(ERR_ETCD_TLS\)\n|\(ERR_ETCD_UNAVAILABLE\)\n/);
});
