/** The script of bash, in a bash. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startEtcd } from '@lb/embedded-etcd';
import { register } from '@lb/registry';
import { expect, it } from 'vitest';

import { inProcess } from './lb.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const run = promisify(execFile);

/** What bash would offer for the last word of a line. */
async function offered(words: readonly string[], hosts: string): Promise<string[]> {
  const { out: script } = await inProcess(['completion', 'bash']);
  const program = `
lb() { "${process.execPath}" --conditions=@lb/source "${main}" "$@"; }
${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lb; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', program, 'bash', 'lb', ...words], {
    env: { PATH: process.env['PATH'], ETCD_HOSTS: hosts },
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  return stdout.split('\n').filter((word) => word !== '');
}

it('offers commands, services, ids and files', async () => {
  await using etcd = await startEtcd();
  const { hosts } = etcd;
  const endpoint = { id: 'large-1', origin: 'http://127.0.0.1:8081' };
  await using registration = await register({ hosts, service: 'hash', endpoint });
  expect(registration.id).toBe('large-1');
  expect(await offered(['comp'], hosts)).toEqual(['completion']);
  // A shell waits a second for these, which a busy machine may need for more than one look.
  await expect.poll(() => offered(['drain', ''], hosts)).toEqual(['hash']);
  await expect.poll(() => offered(['drain', 'hash', 'lar'], hosts)).toEqual(['large-1']);
  expect(await offered(['simulate', 'READ'], hosts)).toEqual(['README.md']);
});

it('keeps a shell waiting for one member that hangs, not for each in turn', async () => {
  let connections = 0;
  const silent = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const hosts = Array(3).fill(`127.0.0.1:${port}`).join();
  expect(await inProcess(['__complete', 'ls', ''], { ETCD_HOSTS: hosts })).toEqual({ out: '', error: '', code: 0 });
  expect(connections).toBe(1);
  silent.close();
});

it.each(['zsh', 'fish'])('has a script for %s that asks for words in the same way', async (shell) => {
  const { out, code } = await inProcess(['completion', shell]);
  expect(code).toBe(0);
  expect(out).toContain('lb __complete ');
  expect(out).toContain(':file');
});
