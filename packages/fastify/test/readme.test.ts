import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { discover } from '@lb/registry';
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@lb/testkit';
import { expect, onTestFinished, test } from 'vitest';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const examples = Array.from(readme.matchAll(/```js[^\n]*\n(.*?)```/gs), ([, code = '']) => code);

/** Runs an example as a program of its own, at ports that are free. */
async function run(example: string, etcd: EmbeddedEtcd): Promise<{ child: ChildProcess; origin: string }> {
  const port = await freePort();
  // Beside this file, so that its imports are found.
  const file = join(import.meta.dirname, `readme-example-${port}.mjs`);
  writeFileSync(file, example.replace(/port: \d+/, `port: ${port}`).replace('http://127.0.0.1:2379', etcd.hosts));
  onTestFinished(() => rmSync(file));
  const child = fork(file, { execArgv: ['--conditions=@lb/source'], stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, origin: `http://127.0.0.1:${port}` };
}

const answer = async (url: string): Promise<string> => {
  const response = await fetch(url).catch(() => undefined);
  return response?.ok === true ? response.text() : '';
};

async function end(child: ChildProcess): Promise<unknown> {
  child.kill('SIGTERM');
  return (await once(child, 'exit'))[0];
}

test('the examples of the README run: one registers and answers, the other calls it, and both end with 0', async () => {
  const [provider = '', consumer = ''] = examples;
  expect(provider.split('\n').length).toBeLessThan(20);
  await using etcd = await startEtcd();
  const hello = await run(provider, etcd);
  await using discovery = discover({ hosts: etcd.hosts, service: 'hello' });
  await discovery.connect();
  await expect.poll(() => discovery.current.endpoints).toMatchObject([{ weight: 2, origin: hello.origin }]);
  expect(await answer(`${hello.origin}/hello`)).toBe('hello');

  const caller = await run(consumer, etcd);
  await expect.poll(() => answer(`${caller.origin}/greeting`)).toBe('{"greeting":"hello"}');
  expect(await answer(`${caller.origin}/svc/hello/hello`)).toBe('hello');
  expect(await end(caller.child)).toBe(0);
  expect(await end(hello.child)).toBe(0);
});

test('the example of metrics runs, and prints them', () => {
  const file = join(import.meta.dirname, 'readme-metrics.mjs');
  writeFileSync(file, examples[2] ?? '');
  onTestFinished(() => rmSync(file));
  const printed = execFileSync(process.execPath, ['--conditions=@lb/source', file], { encoding: 'utf8' });
  expect(printed).toContain('lb_service_ready 1');
});
