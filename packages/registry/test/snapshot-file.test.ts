/** The last snapshot in a file, for a start while etcd is away. */
import { startEtcd } from '@lb/embedded-etcd';
import { freePort } from '@lb/testkit';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';

import { channels, discover, type DiscoverOptions, type EtcdDiscovery, register } from '../src/index.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

function newFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lb-snapshot-'));
  cleanUp.push(() => rmSync(directory, { recursive: true }));
  return join(directory, 'hash.json');
}

function discovery(options: Pick<DiscoverOptions, 'hosts' | 'snapshotFile'>): EtcdDiscovery {
  const found = discover({ service: 'hash', ...options });
  cleanUp.push(() => found.close());
  return found;
}

function listenTo(kind: 'failed' | 'loaded'): (Error | undefined)[] {
  const heard: (Error | undefined)[] = [];
  cleanUp.push(channels.file.subscribe((message) => message.kind === kind && heard.push(message.error)));
  return heard;
}

function becomeAnotherUser(): void {
  const user = process.getuid?.() ?? 0;
  const getuid = vi.spyOn(process, 'getuid').mockReturnValue(user + 1);
  cleanUp.push(() => getuid.mockRestore());
}

const good = { id: 'a', origin: 'http://127.0.0.1:8080', weight: 2, state: 'serving', metadata: {} };

function write(file: string, endpoints: readonly unknown[], rest: object = {}): void {
  writeFileSync(file, JSON.stringify({ v: 1, service: 'hash', revision: 7, endpoints, ...rest }), { mode: 0o600 });
}

it('a start without etcd begins with what an earlier run saw, unconfirmed, until etcd is there', async () => {
  const snapshotFile = newFile();
  const etcd = await startEtcd();
  const { hosts, port } = etcd;
  const registration = await register({
    hosts,
    service: 'hash',
    endpoint: { id: 'a', origin: 'http://127.0.0.1:8080' },
  });
  const earlier = discovery({ hosts, snapshotFile });
  const seen = await earlier.connect();
  await earlier.close();
  await registration.close();
  await etcd.close();
  expect(statSync(snapshotFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(snapshotFile, '..'))).toEqual(['hash.json']);

  const loaded = listenTo('loaded');
  const later = discovery({ hosts, snapshotFile });
  expect(await later.connect()).toEqual({ ...seen, unconfirmed: true });
  expect(later.status).toMatchObject({ unconfirmed: true, endpoints: 1 });
  expect(later.status.stale).not.toBe(false);
  expect(loaded).toHaveLength(1);

  const back = await startEtcd({ port });
  cleanUp.push(() => back.close());
  await expect.poll(() => later.current).toEqual({ revision: expect.any(Number), endpoints: [] });
  await expect.poll(() => later.status).toMatchObject({ unconfirmed: false, stale: false });
});

it('what is in the file is believed as little as what is in etcd', async () => {
  const snapshotFile = newFile();
  write(snapshotFile, [
    { ...good, origin: 'http://169.254.169.254:80' },
    { ...good, id: 'b\n' },
    { ...good, weight: -1 },
    null,
    7,
    { ...good, surprise: true },
  ]);
  const invalid: unknown[] = [];
  cleanUp.push(channels.invalid.subscribe(({ error }) => invalid.push(error.code)));
  const { endpoints } = await discovery({ hosts: `http://127.0.0.1:${await freePort()}`, snapshotFile }).connect();
  expect(endpoints).toEqual([good]);
  expect(invalid).toEqual(Array.from({ length: 5 }, () => 'ERR_INVALID_VALUE'));
});

it.each<[string, (file: string) => void]>([
  ['others may write', (file) => (write(file, [good]), chmodSync(file, 0o666))],
  ['another user owns', (file) => (write(file, [good]), becomeAnotherUser())],
  ['is a pipe that nobody writes to', (file) => execFileSync('mkfifo', ['-m', '600', file])],
  ['is of another service', (file) => write(file, [good], { service: 'other' })],
  ['is of another version', (file) => write(file, [good], { v: 2 })],
  ['is cut off', (file) => writeFileSync(file, '{"v":1,"service":"hash","revision":7,"endpoi', { mode: 0o600 })],
])('a file that %s is left alone', async (_what, prepare) => {
  const snapshotFile = newFile();
  prepare(snapshotFile);
  const failed = listenTo('failed');
  const found = discovery({ hosts: `http://127.0.0.1:${await freePort()}`, snapshotFile });
  const connecting = found.connect({ signal: AbortSignal.timeout(30_000) });
  connecting.catch(() => {});
  await expect.poll(() => failed.length).toBeGreaterThan(0);
  expect(found.status.endpoints).toBe(0);
});

it('a file that cannot be written is said to be so, and nothing else changes', async () => {
  const etcd = await startEtcd();
  cleanUp.push(() => etcd.close());
  const failed = listenTo('failed');
  const found = discovery({ hosts: etcd.hosts, snapshotFile: join(newFile(), 'no such folder', 'x') });
  expect((await found.connect()).endpoints).toEqual([]);
  await expect.poll(() => failed.length).toBe(1);
});

it('the file is replaced in one step', async () => {
  const snapshotFile = newFile();
  write(snapshotFile, [good]);
  const before = statSync(snapshotFile).ino;
  const etcd = await startEtcd();
  cleanUp.push(() => etcd.close());
  const found = discovery({ hosts: etcd.hosts, snapshotFile });
  await found.connect();
  await found.close();
  expect(statSync(snapshotFile).ino).not.toBe(before);
  expect(JSON.parse(readFileSync(snapshotFile, 'utf8'))).toMatchObject({ service: 'hash', endpoints: [] });
});

it('a relative path is refused', () => {
  expect(() => discover({ hosts: 'http://127.0.0.1:2379', service: 'hash', snapshotFile: 'hash.json' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
  );
});
