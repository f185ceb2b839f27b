import { credentials } from '@grpc/grpc-js';
import { startEtcd } from '@lb/embedded-etcd';
import { type Certificate, createAuthority, hasEtcd, startRealEtcd } from '@lb/testkit';
import { Etcd3 } from 'etcd3';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { b, type TestServer } from './contract/context.ts';
import { failureOf, RawClient } from './contract/raw-client.ts';

const authority = createAuthority();
const server = authority.issue('server');
const directory = mkdtempSync(join(tmpdir(), 'lb-tls-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const serverFiles = ['--cert-file', file('server.pem', server.cert), '--key-file', file('server.key', server.key)];
const clientFiles = ['--client-cert-auth', '--trusted-ca-file', file('ca.pem', authority.ca)];

interface Implementation {
  readonly name: string;
  readonly isThere: boolean;
  /** Starts it with TLS; `mutual` also asks clients for certificates. */
  readonly start: (mutual: boolean) => Promise<TestServer>;
}

const implementations: readonly Implementation[] = [
  {
    name: 'embedded etcd',
    isThere: true,
    start: async (mutual) => startEtcd({ tls: { ...server, ...(mutual && { ca: authority.ca }) } }),
  },
  {
    name: hasEtcd() ? 'real etcd' : 'real etcd (skipped: there is none on the PATH)',
    isThere: hasEtcd(),
    start: async (mutual) =>
      startRealEtcd({ scheme: 'https', args: ['--bcrypt-cost', '4', ...serverFiles, ...(mutual ? clientFiles : [])] }),
  },
];

describe.each(implementations)('TLS on $name', ({ isThere, start }) => {
  async function startForTest(mutual: boolean): Promise<TestServer> {
    const started = await start(mutual);
    onTestFinished(() => started.close());
    return started;
  }

  function connect(address: string, certificate?: Certificate, root = authority.ca): RawClient {
    const pair = certificate === undefined ? [] : [Buffer.from(certificate.key), Buffer.from(certificate.cert)];
    const client = new RawClient(address, {}, credentials.createSsl(Buffer.from(root), ...pair));
    onTestFinished(() => client.close());
    return client;
  }

  test.skipIf(!isThere)('serves those who trust its root, and tells its address as https', async () => {
    const { address, hosts } = await startForTest(false);
    const client = connect(address);
    await client.call('KV/Put', { key: b('a') });
    expect((await client.call('KV/Range', { key: b('a') })).count).toBe('1');
    expect((await client.call('Cluster/MemberList', {})).members[0]?.clientURLs).toEqual([hosts]);
    expect(hosts).toBe(`https://${address}`);
  });

  test.skipIf(!isThere)('serves the etcd3 client, its watches too', async () => {
    const { hosts } = await startForTest(false);
    // By name: gRPC warns of a certificate that is asked for by address.
    const client = new Etcd3({
      hosts: hosts.replace('127.0.0.1', 'localhost'),
      credentials: { rootCertificate: Buffer.from(authority.ca) },
    });
    onTestFinished(() => client.close());
    const watcher = await client.watch().key('a').create();
    const heard = new Promise<string>((resolve) => {
      watcher.on('put', ({ value }) => resolve(value.toString()));
    });
    await client.put('a').value('x');
    expect(await heard).toBe('x');
  });

  test.skipIf(!isThere)('is not trusted by those who have another root', async () => {
    const { address } = await startForTest(false);
    const client = connect(address, undefined, createAuthority().ca);
    expect(await failureOf(client.call('KV/Range', { key: b('a') }))).toMatch(/^UNAVAILABLE/);
  });

  test.skipIf(!isThere)(
    'refuses a client without a certificate, or with one of another root, when it asks for one',
    async () => {
      const { address } = await startForTest(true);
      const call = (certificate?: Certificate) =>
        failureOf(connect(address, certificate).call('KV/Range', { key: b('a') }));
      expect(await call(authority.issue('client'))).toBe('no failure');
      expect(await call()).toMatch(/^UNAVAILABLE/);
      expect(await call(createAuthority().issue('client'))).toMatch(/^UNAVAILABLE/);
    },
  );

  test.skipIf(!isThere)('takes the name in a certificate for the user, once auth is enabled', async () => {
    const { address } = await startForTest(true);
    const root = connect(address, authority.issue('root'));
    await root.call('Auth/UserAdd', { name: 'root', options: { no_password: true } });
    await root.call('Auth/UserGrantRole', { user: 'root', role: 'root' });
    await root.call('Auth/AuthEnable', {});
    const put = (name: string) => failureOf(connect(address, authority.issue(name)).call('KV/Put', { key: b('a') }));
    expect(await put('root')).toBe('no failure');
    expect(await put('nobody')).toBe('PERMISSION_DENIED etcdserver: permission denied');
  });
});
