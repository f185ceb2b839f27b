/** How a process ends: with real signals, sockets and an etcd. */
import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { discover, type EtcdDiscovery } from '@lb/registry';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

let etcd: EmbeddedEtcd;
let discovery: EtcdDiscovery;
const children: ChildProcess[] = [];
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  etcd = await startEtcd();
  discovery = discover({ hosts: etcd.hosts, service: 'work' });
  await discovery.connect();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  agent.destroy();
  await discovery.close();
  await etcd.close();
});

interface Running {
  readonly child: ChildProcess;
  readonly origin: string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

async function start(env: Record<string, string>): Promise<Running> {
  const child = fork(new URL('support/service.ts', import.meta.url), {
    execArgv: ['--conditions=@lb/source'],
    env: { ...process.env, ETCD_HOSTS: etcd.hosts, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  const ended = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null);
  const [origin]: unknown[] = await Promise.race([once(child, 'message'), ended.then(() => ['ended at once'])]);
  child.disconnect();
  return { child, origin: String(origin), ended };
}

/** Over a connection that is kept open. */
function ask(url: string): Promise<{ status: number; headers: IncomingMessage['headers'] }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; headers: IncomingMessage['headers'] }>();
  get(url, { agent }, (response) => {
    response.resume();
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    response.on('error', reject);
  }).on('error', reject);
  return promise;
}

const states = (): string[] => discovery.current.endpoints.map(({ state }) => state);

it('drains, lingers, finishes what is in flight, leaves etcd, and exits with 0', async () => {
  const { child, origin, ended } = await start({ LINGER_MS: '1500' });
  await expect.poll(states).toEqual(['serving']);
  expect((await ask(`${origin}/work?ms=0`)).headers.connection).toBe('keep-alive');
  const long = ask(`${origin}/work?ms=4000`);
  await after(100);
  child.kill('SIGTERM');
  const asked = performance.now();
  await expect.poll(states).toEqual(['draining']);
  const meanwhile = await ask(`${origin}/work?ms=0`);
  expect(meanwhile.status).toBe(200);
  expect(meanwhile.headers).toMatchObject({ 'x-lb-draining': '1', connection: 'close' });
  const slow = await long;
  expect([slow.status, slow.headers.connection]).toEqual([200, 'close']);
  const answered = performance.now();
  expect(await ended).toBe(0);
  // It took longer than the linger.
  expect(answered - asked).toBeGreaterThan(2000);
  // Not the minute that an idle connection is kept for; the rest is what a busy machine may take.
  expect(performance.now() - answered).toBeLessThan(10_000);
  // Gone by its own deletion. A lease of 2 s would not have run out yet on an idle machine.
  await expect.poll(states).toEqual([]);
});

it('does not exit before every service in it has stopped', async () => {
  const { child, origin, ended } = await start({ LINGER_MS: '1500', BESIDE: 'yes' });
  const long = ask(`${origin}/work?ms=2500`);
  await after(100);
  child.kill('SIGTERM');
  expect((await long).status).toBe(200);
  expect(await ended).toBe(0);
});

it('exits with 1 when it had to cut off what was in flight', async () => {
  const { child, origin, ended } = await start({ FINISH_MS: '200' });
  const cut = ask(`${origin}/work?ms=600000`).catch((error: Error) => error);
  await ask(`${origin}/livez`);
  child.kill('SIGTERM');
  expect(await ended).toBe(1);
  expect(await cut).toBeInstanceOf(Error);
});

it('exits with 1 at once on a second signal', async () => {
  const { child, origin, ended } = await start({ LINGER_MS: '300000' });
  child.kill('SIGTERM');
  await expect.poll(async () => (await ask(`${origin}/readyz`)).status).toBe(503);
  child.kill('SIGINT');
  expect(await ended).toBe(1);
});
