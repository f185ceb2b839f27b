import { startEtcd } from '@lb/embedded-etcd';
import { discover } from '@lb/registry';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

test('the example of the README runs: registers, answers, and ends with 0', async () => {
  await using etcd = await startEtcd();
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  expect(example.split('\n').length).toBeLessThan(20);
  // Beside this file, so that its imports are found.
  const file = join(import.meta.dirname, 'readme-example.mjs');
  writeFileSync(file, example.replace('port: 8080', 'port: 0').replace('http://127.0.0.1:2379', etcd.hosts));
  onTestFinished(() => rmSync(file));
  const child = fork(file, { execArgv: ['--conditions=@lb/source'], stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));

  await using discovery = discover({ hosts: etcd.hosts, service: 'hello' });
  await discovery.connect();
  await expect.poll(() => discovery.current.endpoints).toHaveLength(1);
  const [endpoint] = discovery.current.endpoints;
  expect(endpoint?.weight).toBe(2);
  expect(await (await fetch(`${endpoint?.origin}/hello`)).text()).toBe('hello');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
