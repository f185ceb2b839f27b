/** Users, roles, tokens and certificates, on a real etcd: what it lets through is what counts. */
import {
  type CertificateAuthority,
  createAuthority,
  hasEtcd,
  type RealEtcd,
  startFaultProxy,
  startRealEtcd,
} from '@lb/testkit';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  channels,
  discover,
  type DiscoverOptions,
  EtcdError,
  openOverrides,
  register,
  type RegisterOptions,
} from '../src/index.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

const passwords = {
  ROOT_PASSWORD: 'hunter2-root',
  PROVIDER_PASSWORD: 'hunter2-provider',
  CONSUMER_PASSWORD: 'hunter2-consumer',
  OPERATOR_PASSWORD: 'hunter2-operator',
};
const provider = { username: 'provider-hash', password: passwords.PROVIDER_PASSWORD };
const consumer = { username: 'consumer', password: passwords.CONSUMER_PASSWORD };
const operator = { username: 'operator', password: passwords.OPERATOR_PASSWORD };

/** The commands of the README, as a reader would paste them. */
function documentedCommands(): string {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const block = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, text = '']) => text);
  const found = block.find((text) => text.includes('etcdctl auth enable'));
  if (found === undefined) throw new Error('The README has no commands for roles');
  return found;
}

const denied = { code: 'ERR_ETCD_DENIED' };
const unauthenticated = { code: 'ERR_ETCD_UNAUTHENTICATED' };
const endpoint = { id: 'a', origin: 'http://127.0.0.1:8080' };

describe.skipIf(!hasEtcd())('with the roles of the README', () => {
  let etcd: RealEtcd;
  let hosts: string;

  beforeAll(async () => {
    etcd = await startRealEtcd({ args: ['--bcrypt-cost=4', '--auth-token-ttl=2'] });
    ({ hosts } = etcd);
    const env = { ...process.env, ...passwords, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: etcd.address };
    execFileSync('sh', ['-e', '-c', documentedCommands()], { env });
  });
  afterAll(() => etcd.close());

  async function registered(options: Partial<RegisterOptions>): Promise<void> {
    const registration = await register({ hosts, service: 'hash', endpoint, ...options });
    cleanUp.push(() => registration.close());
  }

  function discovery(options: Partial<DiscoverOptions>): ReturnType<typeof discover> {
    const found = discover({ hosts, service: 'hash', ...options });
    cleanUp.push(() => found.close());
    return found;
  }

  it('a provider registers, a consumer finds it, and an operator overrides it', async () => {
    await registered({ auth: provider });
    await using overrides = openOverrides({ hosts, service: 'hash', auth: operator });
    await overrides.set('a', { weight: 3 }, 'ops');
    expect((await discovery({ auth: consumer }).connect()).endpoints).toMatchObject([{ id: 'a', weight: 3 }]);
    await overrides.clear('a');
  });

  it('a provider cannot register under another service, nor set overrides', async () => {
    await expect(registered({ auth: provider, service: 'other' })).rejects.toMatchObject(denied);
    await using overrides = openOverrides({ hosts, service: 'hash', auth: provider });
    await expect(overrides.set('a', { weight: 0 }, 'me')).rejects.toMatchObject(denied);
  });

  it('a consumer cannot register, nor set overrides', async () => {
    await expect(registered({ auth: consumer })).rejects.toMatchObject(denied);
    await using overrides = openOverrides({ hosts, service: 'hash', auth: consumer });
    await expect(overrides.set('a', { weight: 0 }, 'me')).rejects.toMatchObject(denied);
  });

  it('whoever has no user, or a wrong password, is told so', async () => {
    await expect(registered({})).rejects.toMatchObject(unauthenticated);
    await expect(registered({ auth: { ...provider, password: 'wrong' } })).rejects.toMatchObject(unauthenticated);
    const lost: unknown[] = [];
    cleanUp.push(channels.lost.subscribe(({ reason, error }) => lost.push([reason, error])));
    const found = discovery({ auth: { ...consumer, password: 'wrong' } });
    found.connect().catch(() => {});
    await expect.poll(() => lost.length).toBeGreaterThan(0);
    expect(lost[0]).toEqual(['denied', expect.objectContaining(unauthenticated)]);
    expect(found.status.stale).toBe('denied');
  });

  it('a token that ran out while the watch was cut off is replaced', async () => {
    const proxy = await startFaultProxy({ targetPort: etcd.port });
    cleanUp.push(() => proxy.close());
    const found = discovery({ hosts: proxy.hosts, auth: consumer });
    expect((await found.connect()).endpoints).toEqual([]);
    await proxy.refuse();
    // Real time, since it is etcd's: a token of this etcd lives for two seconds.
    await after(3500);
    await registered({ auth: provider });
    await proxy.open();
    await expect.poll(() => found.current.endpoints.length).toBe(1);
    await expect.poll(() => found.status.stale).toBe(false);
  });

  it('a password that was changed is asked for again', async () => {
    let password = 'wrong';
    const found = discovery({ auth: () => ({ ...consumer, password }) });
    const connecting = found.connect();
    await expect.poll(() => found.status.stale).toBe('denied');
    ({ password } = consumer);
    await connecting;
    expect(found.status.endpoints).toBe(0);
  });

  it('no secret is in anything that is published, thrown or shown', async () => {
    const said: unknown[] = [];
    for (const channel of Object.values(channels))
      cleanUp.push(channel.subscribe((message: unknown) => said.push(message)));
    const wrong = { ...consumer, password: 'hunter2-wrong' };
    const found = discovery({ auth: wrong });
    found.connect().catch((error: unknown) => said.push(error));
    await expect.poll(() => found.status.stale).toBe('denied');
    const attempts = [
      registered({ auth: wrong }),
      registered({ auth: provider, service: 'other' }),
      registered({ hosts: 'http://127.0.0.1:1', auth: provider, signal: AbortSignal.timeout(1000) }),
    ];
    for (const attempt of attempts) await attempt.catch((error: unknown) => said.push(error));
    said.push(found, found.status);
    const text = said.map((one) => `${inspect(one, { depth: 20, showHidden: true })} ${String(one)}`).join('\n');
    expect(text).toContain('ERR_ETCD_UNAUTHENTICATED');
    expect(text).not.toContain('hunter2');
  });
});

describe.skipIf(!hasEtcd())('over TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-tls-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  function files(authority: CertificateAuthority, name: string): string[] {
    const { cert, key } = authority.issue('server');
    const file = (kind: string, text: string): string => {
      const path = join(directory, `${name}-${kind}.pem`);
      writeFileSync(path, text);
      return path;
    };
    return [
      `--cert-file=${file('cert', cert)}`,
      `--key-file=${file('key', key)}`,
      `--trusted-ca-file=${file('ca', authority.ca)}`,
      '--client-cert-auth',
    ];
  }

  it('both sides show certificates, and who shows none, or one of somebody else, is told so', async () => {
    const authority = createAuthority();
    const etcd = await startRealEtcd({ scheme: 'https', args: files(authority, 'mutual') });
    cleanUp.push(() => etcd.close());
    const options = { hosts: etcd.hosts, service: 'hash' };
    const good = { ca: authority.ca, ...authority.issue('consumer') };
    await using found = discover({ ...options, tls: good });
    expect((await found.connect()).endpoints).toEqual([]);

    const reasonOf = async (tls: DiscoverOptions['tls']): Promise<unknown> => {
      const ended = Promise.withResolvers<unknown>();
      const unsubscribe = channels.lost.subscribe(({ reason, error }) =>
        ended.resolve([reason, error instanceof EtcdError ? error.code : error]),
      );
      await using refused = discover({ ...options, tls });
      refused.connect().catch(() => {});
      const end = await ended.promise;
      unsubscribe();
      return end;
    };
    const stranger = createAuthority();
    expect(await reasonOf({ ...good, ca: stranger.ca })).toEqual(['denied', 'ERR_ETCD_TLS']);
    // TLS 1.3 tells a client that its certificate is refused only after it has been let in, so to us the connection is lost.
    expect(await reasonOf({ ca: authority.ca })).toEqual([
      expect.any(String),
      expect.stringMatching(/^ERR_ETCD_(TLS|UNAVAILABLE)$/),
    ]);
    expect(await reasonOf({ ca: authority.ca, ...stranger.issue('consumer') })).toEqual([
      expect.any(String),
      expect.stringMatching(/^ERR_ETCD_(TLS|UNAVAILABLE)$/),
    ]);
  });

  it('certificates that are replaced while it runs are used for the next connection', async () => {
    const [before, behind] = [createAuthority(), createAuthority()];
    const first = await startRealEtcd({ scheme: 'https', args: files(before, 'before') });
    const { port, hosts } = first;
    let authority = before;
    let asked = 0;
    const tls = (): { ca: string; cert: string; key: string } => {
      asked += 1;
      return { ca: authority.ca, ...authority.issue('consumer') };
    };
    await using found = discover({ hosts, service: 'hash', tls });
    await found.connect();
    await first.close();
    authority = behind;
    const second = await startRealEtcd({ scheme: 'https', port, args: files(behind, 'behind') });
    cleanUp.push(() => second.close());
    const registration = await register({ hosts, service: 'hash', endpoint, tls });
    cleanUp.push(() => registration.close());
    await expect.poll(() => found.current.endpoints.length).toBe(1);
    expect(asked).toBeGreaterThan(1);
  });
});
