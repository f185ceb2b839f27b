import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { describe, expect, it, onTestFinished } from 'vitest';

import { readCommand } from './command.ts';
import { etcdOptions, etcdSettings } from './etcd-settings.ts';
import { readSettings } from './settings.ts';

const schema = Type.Object({
  PORT: Type.Integer({ default: 80, minimum: 1, description: 'Port to listen on' }),
  NAME: Type.String({ description: 'What it is called' }),
  KIND: Type.Enum(['big', 'small'], { default: 'big', description: 'Which one' }),
  TOKEN: Type.Optional(Type.String({ secret: true, description: 'Who may' })),
});

/** A file with `content`, gone after the test. */
function file(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lb-settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config');
  writeFileSync(path, content);
  return path;
}

describe('settings', () => {
  it('have defaults, numbers are numbers, and an empty variable is one that is not set', () => {
    expect(readSettings(schema, { NAME: 'a', PORT: '8080', OTHER: 'x' })).toEqual({
      NAME: 'a',
      PORT: 8080,
      KIND: 'big',
    });
    expect(readSettings(schema, { NAME: 'a', PORT: '' })).toEqual({ NAME: 'a', PORT: 80, KIND: 'big' });
  });

  it('are refused with a word on each that is wrong', () => {
    expect(() => readSettings(schema, { PORT: '0' })).toThrow(
      expect.objectContaining({ code: 'ERR_SETTINGS', message: expect.stringMatching(/NAME.*PORT must be >= 1/) }),
    );
  });

  it.each([
    ['JSON', '{"NAME": "b", "PORT": 81}'],
    ['YAML', 'NAME: b # as the host\nPORT: 81\n'],
  ])('come from a file of %s where the environment says nothing', (_kind, content) => {
    const LB_CONFIG = file(content);
    expect(readSettings(schema, { LB_CONFIG })).toMatchObject({ NAME: 'b', PORT: 81 });
    expect(readSettings(schema, { LB_CONFIG, PORT: '82' })).toMatchObject({ NAME: 'b', PORT: 82 });
  });

  it.each([
    ['not there', undefined, /cannot read .*ENOENT/],
    ['none', '{', /cannot read/],
    ['a list', '[]', /must hold names and values/],
    ['one with a setting that there is not', 'NAME: a\nPROT: 1', /settings that there are not: PROT/],
  ])('are refused from a file that is %s', (_what, content, message) => {
    const LB_CONFIG = content === undefined ? '/nowhere/config' : file(content);
    expect(() => readSettings(schema, { LB_CONFIG })).toThrow(message);
  });
});

describe('a command', () => {
  const command = { about: 'Does a thing.', schema, toConfig: (values: Static<typeof schema>) => values };
  const env = { NAME: 'a', TOKEN: 'hush' };

  it('starts with its settings', () => {
    expect(readCommand(command, [], env)).toMatchObject({ kind: 'start', config: { NAME: 'a' } });
  });

  it.each([['--help'], ['-h']])('says with %s what there is to set, whatever is set', (option) => {
    expect(readCommand(command, [option], {})).toEqual({
      kind: 'print',
      exitCode: 0,
      text: expect.stringMatching(
        /^Does a thing[^]*PORT +Port to listen on \(80\)[^]*KIND +Which one; big, small \(big\)/,
      ),
    });
  });

  it('prints the settings in force, and no secret', () => {
    const invocation = readCommand(command, ['--print-config'], env);
    expect(invocation).toMatchObject({ kind: 'print', exitCode: 0 });
    const text = invocation.kind === 'print' ? invocation.text : '';
    expect(JSON.parse(text)).toEqual({ PORT: 80, NAME: 'a', KIND: 'big', TOKEN: '[redacted]' });
    expect(text).not.toContain('hush');
  });

  it('ends with 2 and a sentence for options and settings that are wrong', () => {
    expect(readCommand(command, ['--prot'], env)).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('--help'),
    });
    expect(readCommand(command, [], {})).toMatchObject({ exitCode: 2, text: expect.stringContaining('NAME') });
  });
});

describe('the settings of etcd', () => {
  const read = (env: NodeJS.ProcessEnv): ReturnType<typeof etcdOptions> =>
    etcdOptions(readSettings(Type.Object(etcdSettings), env));

  it('name members, ranges and a user', () => {
    const { hosts, addresses, auth, tls } = read({
      ETCD_HOSTS: 'http://a:1, http://b:2',
      LB_ALLOW: '10.0.0.0/8,fd00::/8',
      ETCD_USERNAME: 'u',
      ETCD_PASSWORD: 'p',
    });
    expect({ hosts, addresses, tls }).toEqual({
      hosts: ['http://a:1', 'http://b:2'],
      addresses: { allow: ['10.0.0.0/8', 'fd00::/8'] },
      tls: undefined,
    });
    expect(typeof auth === 'function' ? auth() : auth).toEqual({ username: 'u', password: 'p' });
  });

  it('read files anew each time, since certificates and passwords change', () => {
    const ETCD_PASSWORD_FILE = file('one\n');
    const ETCD_CA_FILE = file('-----BEGIN A');
    const { auth, tls } = read({ ETCD_USERNAME: 'u', ETCD_PASSWORD_FILE, ETCD_CA_FILE });
    expect(typeof auth === 'function' ? auth().password : auth).toBe('one');
    writeFileSync(ETCD_PASSWORD_FILE, 'two');
    expect(typeof auth === 'function' ? auth().password : auth).toBe('two');
    expect(typeof tls === 'function' ? tls().ca : tls).toEqual(Buffer.from('-----BEGIN A'));
  });
});
