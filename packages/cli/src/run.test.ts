import { expect, it } from 'vitest';

import { candidates } from './candidates.ts';
import { commands } from './commands/index.ts';
import { run } from './run.ts';
import { testWorld } from './testing.ts';

it('tells what there is, and more of each command', async () => {
  for (const args of [[], ['--help'], ['-h'], ['help']]) {
    const world = testWorld();
    expect(await run(args, world)).toBe(0);
    expect(world.stdout.text).toContain('Usage: lb COMMAND [options]');
    for (const { name } of commands) expect(world.stdout.text).toContain(`\n  ${name}`);
  }
  for (const { name, options } of commands) {
    const [one, other] = [testWorld(), testWorld()];
    expect(await run([...name.split(' '), '--help'], one)).toBe(0);
    expect(await run(['help', ...name.split(' ')], other)).toBe(0);
    expect(other.stdout.text).toBe(one.stdout.text);
    for (const option of Object.keys(options)) expect(one.stdout.text).toContain(`--${option}`);
  }
});

it('has no line of help that a usual terminal would break', async () => {
  for (const args of [['--help'], ...commands.map(({ name }) => [...name.split(' '), '--help'])]) {
    const world = testWorld();
    await run(args, world);
    expect(world.stdout.text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  }
});

it('tells its version', async () => {
  const world = testWorld();
  expect(await run(['--version'], world)).toBe(0);
  expect(world.stdout.text).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it.each([
  [['sl'], 'There is no command "sl"; see lb --help'],
  [['--etcd', 'x', 'ls'], 'The command comes before "--etcd"; see lb --help'],
  [['ls', '--jsn'], "Unknown option '--jsn'"],
  [['ls', 'a', 'b'], '"b" is one word too many'],
  [['ls', '--etcd'], "Option '--etcd <value>' argument missing"],
  [['ls', '--timeout', 'soon'], '--timeout must be a number from 1 to 600000, got "soon"'],
  [
    ['ls', '--user', 'root:secret'],
    '--user takes a name only; the password comes from --password-file or ETCD_PASSWORD',
  ],
  [['ls', '--user', 'root'], 'The password of "root" is missing: give --password-file, or set ETCD_PASSWORD'],
  [['ls', '--password-file', '/nowhere/x', '--user', 'root'], "ENOENT: no such file or directory, open '/nowhere/x'"],
  [
    ['ls', '--etcd', 'http://10.0.0.1:2379'],
    '--etcd must be https, or on this machine, unless --insecure is given, got "10.0.0.1:2379"',
  ],
  [
    ['ls', '--etcd', 'http://me:secret@10.0.0.1:2379'],
    '--etcd must be without a user or password; use --user (ERR_INVALID_OPTION)',
  ],
  [['ls', '--allow', 'x'], '--allow must be ranges such as 10.0.0.0/8, got "x"'],
  [['ls', '../x'], 'Option "service" must be a name of letters, digits, dots, dashes and underscores, got "../x"'],
  [['watch', '--consumer', 'http://'], '"http://" is no URL of a consumer'],
  [['completion', 'csh'], 'SHELL must be one of bash, zsh, fish'],
  [['completion'], 'SHELL is missing'],
  [['drain', 'a'], 'ID is missing'],
  [['weight', 'a', 'b'], 'Give a number, or --clear'],
  [['weight', 'a', 'b', '1', '--clear'], 'Give a number, or --clear'],
  [['weight', 'a', 'b', '1e'], 'NUMBER must be a number of at least 0, got "1e"'],
  [['weight', 'a', 'b', ' '], 'NUMBER must be a number of at least 0, got " "'],
  [['call', 'a', 'b'], 'PATH must begin with a slash, got "b"'],
  [['call', 'a', '/', '--policy', 'maglev'], '--policy must be one of p2cLatency, '],
  [['call', 'a', '/', '--header', 'a secret'], '--header must be NAME:VALUE, on one line'],
  [['call', 'a', '/', '--header', 'a: b\r\nsecret: c'], '--header must be NAME:VALUE, on one line'],
  [['call', 'a', '/', '--count', '1.5'], '--count must be an integer from 1 to 10000000, got "1.5"'],
  [['call', 'a', '/', '--data', '@/nowhere/x'], "ENOENT: no such file or directory, open '/nowhere/x'"],
  [['override'], 'One of override ls, override set, override clear is meant'],
  [['override', 'sett'], 'There is no command "override sett"; see lb --help'],
  [['override', 'set', 'a', 'b'], 'Give at least one of --weight, --state and --max-concurrency'],
  [['override', 'set', 'a', 'b', '--state', 'serving'], '--state must be draining, got "serving"'],
])('refuses %j with one line, and 2', async (args, message) => {
  const world = testWorld();
  expect(await run(args, world)).toBe(2);
  expect(world.stdout.text).toBe('');
  expect(world.stderr.text.trimEnd().split('\n')).toHaveLength(1);
  expect(world.stderr.text).toContain(`lb: ${message}`);
  expect(world.stderr.text).not.toContain('secret');
});

it.each([
  ['no', 2, 'lb: ETCD_INSECURE must be true or false, got "no" (ERR_USAGE)\n'],
  ['false', 2, expect.stringContaining('unless --insecure is given')],
  ['', 2, expect.stringContaining('unless --insecure is given')],
  ['true', 3, expect.stringContaining('ERR_ETCD_')],
])('takes ETCD_INSECURE=%s at its word', async (insecure, code, error) => {
  // Nobody can be reached there: the address is one for documents.
  const world = testWorld({ env: { ETCD_HOSTS: 'http://192.0.2.1:2379', ETCD_INSECURE: insecure } });
  expect(await run(['ls', '--timeout', '1'], world)).toBe(code);
  expect(world.stderr.text).toEqual(error);
});

it('offers commands, options and words of their own to a shell', async () => {
  const offered = (...words: string[]): Promise<readonly string[]> => candidates(commands, words, testWorld());
  expect(await offered('')).toEqual(expect.arrayContaining(['ls', 'watch', 'completion']));
  expect(await offered('wat')).toEqual(['watch']);
  expect(await offered('ls', '--j')).toEqual(['--json']);
  expect(await offered('ls', '--ca', '')).toEqual([':file']);
  expect(await offered('ls', '--timeout', '')).toEqual([]);
  expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(await offered('completion', 'bash', '')).toEqual([]);
  expect(await offered('override', '')).toEqual(['ls', 'set', 'clear']);
  expect(await offered('override', 'set', 'a', 'b', '--state', '')).toEqual(['draining']);
  expect(await offered('nonsense', '')).toEqual([]);
});

it('offers nothing, and says nothing, while etcd is away', async () => {
  const world = testWorld({ env: { ETCD_HOSTS: 'http://127.0.0.1:1' } });
  expect(await run(['__complete', 'ls', ''], world)).toBe(0);
  expect([world.stdout.text, world.stderr.text]).toEqual(['', '']);
});

it('does not pass for done when it was stopped', async () => {
  const world = testWorld({ signal: AbortSignal.abort() });
  expect(await run(['ls', '--etcd', '127.0.0.1:1'], world)).toBe(1);
  expect(world.stderr.text).toBe('lb: stopped before it was done\n');
});
