/** What the README shows, command by command, on the system that it shows. Its code is run with that of all READMEs, in `apps/checks`. */
import { readFileSync } from 'node:fs';

import { startEtcd } from '@lb/embedded-etcd';
import { register } from '@lb/registry';
import { afterEach, expect, it } from 'vitest';

import { exitCodes } from '../src/exit-codes.ts';
import { run } from '../src/index.ts';
import { testWorld } from '../src/testing.ts';
import { inProcess } from './lb.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

/** The same for every run: no times, no sizes, and columns of any width. */
function steady(text: string): string {
  return text
    .replaceAll(/\d+ s ago/g, 'N s ago')
    .replaceAll(/\d+ s +\d+\/15 s/g, 'N s N/15 s')
    .replaceAll(/127\.0\.0\.1:\d+ +default/g, '127.0.0.1:2379 default')
    .replaceAll(/\d+ KiB +[\d.]+ ms/g, 'N KiB N ms')
    .replaceAll(/revision \d+/g, 'revision N')
    .replaceAll(/[^\S\n]+/g, ' ')
    .trim();
}

it('shows what the commands say', async () => {
  const etcd = await startEtcd();
  cleanUp.push(() => etcd.close());
  const { hosts } = etcd;
  for (const [index, name] of ['small', 'medium', 'large'].entries()) {
    const endpoint = { id: `${name}-1`, origin: `http://127.0.0.1:${8081 + index}`, weight: index + 1 };
    const registration = await register({ hosts, service: 'hash', endpoint });
    cleanUp.push(() => registration.close());
  }
  const [, session = ''] = /```console\n([^]*?)```/.exec(readme) ?? [];
  const steps = session.split(/^\$ lb /m).slice(1);
  expect(steps.length).toBeGreaterThan(6);
  for (const step of steps) {
    const [command = '', ...expected] = step.split('\n');
    const env = { ETCD_HOSTS: hosts, LB_BY: 'you@here' };
    const { out, error, code } = await inProcess([...command.split(' '), '--timeout', '20000'], env);
    expect({ command, error, code }).toEqual({ command, error: '', code: exitCodes.ok });
    expect(steady(out)).toBe(steady(expected.join('\n')));
  }
});

it('names every option and every exit code', async () => {
  const world = testWorld();
  await run(['ls', '--help'], world);
  const options = [...world.stdout.text.matchAll(/--([a-z-]+)[^\n]*?(?:\[(\w+)\])?\n/g)];
  expect(options.length).toBeGreaterThan(8);
  for (const [, option, variable] of options) {
    expect(readme).toMatch(new RegExp(`--${option}\\b|\`--cert\`, \`--${option} `));
    if (variable !== undefined) expect(readme).toContain(`\`${variable}\``);
  }
  for (const code of Object.values(exitCodes)) expect(readme).toMatch(new RegExp(`^\\| ${code} `, 'm'));
});
