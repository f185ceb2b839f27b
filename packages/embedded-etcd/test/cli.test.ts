import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import { startEtcd } from '@lb/embedded-etcd';
import { expect, onTestFinished, test } from 'vitest';
import { b } from './contract/context.ts';
import { RawClient } from './contract/raw-client.ts';

const cli = join(import.meta.dirname, '../src/cli.ts');
const conditions = ['--conditions=@lb/source'];

function watchOver(child: ChildProcess) {
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const firstLine = new Promise<string>((resolve) => {
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('\n')) resolve(output.split('\n')[0] ?? '');
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
  });
  return { child, ended, firstLine, output: () => output };
}

function run(...args: string[]) {
  return watchOver(spawn(process.execPath, [...conditions, cli, ...args]));
}

function connect(line: string): RawClient {
  const client = new RawClient(/http:\/\/(\S+):/.exec(line)?.[1] ?? '');
  onTestFinished(() => client.close());
  return client;
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'says where it listens, and that it is not for production; stops at once on %s',
  async (signal) => {
    const { child, firstLine, ended } = run('--port', '0');
    const line = await firstLine;
    expect(line).toMatch(/^etcd in memory on http:\/\/127\.0\.0\.1:\d+: for development only, never for production$/);
    // Somebody who is connected, and watches, does not hold it back.
    const client = connect(line);
    const stream = client.stream('Watch/Watch');
    stream.write({ create_request: { key: b('a') } });
    await stream.next();
    const started = performance.now();
    child.kill(signal);
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(performance.now() - started).toBeLessThan(5000);
  },
);

test('stops when its parent is gone', async () => {
  const { child, firstLine, ended } = watchOver(fork(cli, ['--port', '0'], { execArgv: conditions, stdio: 'pipe' }));
  await firstLine;
  child.disconnect();
  expect(await ended).toBe(0);
});

test('says in plain words that the port is taken', async () => {
  await using etcd = await startEtcd();
  const { ended, output } = run('--port', String(etcd.port));
  expect(await ended).toBe(1);
  expect(output()).toBe(`embedded-etcd: Port ${etcd.port} on 127.0.0.1 is taken by another process\n`);
});

test('says what is wrong with its arguments, and how it is used', async () => {
  const wrong = run('--prt', '1');
  expect(await wrong.ended).toBe(1);
  expect(wrong.output()).toMatch(/^embedded-etcd: Unknown option '--prt'/);
  const help = run('--help');
  expect(await help.ended).toBe(0);
  expect(help.output()).toContain('Usage: embedded-etcd');
});
