/** What a service says, as a process, of settings that it cannot start with. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it.each([
  ['consumer', { ETCD_HOSTS: 'http://10.0.0.1:2379' }, 'unless "insecure" is true'],
  ['consumer', { LB_SNAPSHOT_FILE: 'snapshot.json' }, '"snapshotFile" must be an absolute path'],
  ['provider', { ETCD_HOSTS: 'http://10.0.0.1:2379' }, 'unless \\"insecure\\" is true'],
])('the %s with %j says in one sentence what is wrong', async (name, env, expected) => {
  const file = fileURLToPath(import.meta.resolve(`@lb/${name}/main`));
  const started = run(process.execPath, ['--conditions=@lb/source', file], {
    env: { ...process.env, PORT: '0', ...env },
  });
  const { code, stdout, stderr } = await started.then(
    () => expect.fail('It has started'),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  const said = `${stdout}${stderr}`;
  expect([code, said]).toEqual([1, expect.stringContaining(expected)]);
  expect(said).not.toMatch(/^\s+at /m);
});
