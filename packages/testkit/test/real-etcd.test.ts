import { existsSync } from 'node:fs';
import { hasEtcd, type RealEtcd, startRealEtcd } from '@lb/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

async function start(): Promise<RealEtcd> {
  const etcd = await startRealEtcd();
  onTestFinished(() => etcd.close());
  return etcd;
}

/** Asks etcd over HTTP, which needs no client. */
async function ask(etcd: RealEtcd, path: string, body: object): Promise<unknown> {
  const signal = AbortSignal.timeout(1000);
  const response = await fetch(`${etcd.hosts}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body), signal });
  return response.json();
}

const key = Buffer.from('key').toString('base64');

describe.skipIf(!hasEtcd())('a real etcd', () => {
  test('keeps its data when it is killed and started again, and loses it when it is wiped', async () => {
    const etcd = await start();
    await ask(etcd, 'put', { key, value: key });
    await etcd.restart();
    expect(await ask(etcd, 'range', { key })).toMatchObject({ count: '1' });
    await etcd.wipe();
    expect(await ask(etcd, 'range', { key })).not.toHaveProperty('count');
  });

  test('answers nothing while it is frozen', async () => {
    const etcd = await start();
    await etcd.pause();
    await expect(ask(etcd, 'range', { key })).rejects.toThrow('timeout');
    etcd.resume();
    expect(await ask(etcd, 'range', { key })).toHaveProperty('header');
  });

  test('refuses connections once it is stopped, frozen or not', async () => {
    const etcd = await start();
    await etcd.pause();
    await etcd.stop();
    await expect(ask(etcd, 'range', { key })).rejects.toThrow('fetch failed');
  });

  test('leaves nothing when it is closed', async () => {
    const etcd = await startRealEtcd();
    expect(existsSync(etcd.dataDir)).toBe(true);
    await etcd.close();
    expect(existsSync(etcd.dataDir)).toBe(false);
    await expect(ask(etcd, 'range', { key })).rejects.toThrow('fetch failed');
  });

  test('says why it does not start', async () => {
    await expect(startRealEtcd({ args: ['--no-such-flag'] })).rejects.toThrow('no-such-flag');
  });
});
