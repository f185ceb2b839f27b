/** How to reach etcd, as every command is told: options first, then the environment variables that the apps read, too. */
import type { AddressPolicy, EtcdOptions } from '@lb/registry';
import { readFile } from 'node:fs/promises';

import type { Options } from './command.ts';
import { UsageError } from './errors.ts';
import type { Given } from './given.ts';
import type { World } from './world.ts';

export const etcdOptions: Options = {
  etcd: { value: 'HOSTS', env: 'ETCD_HOSTS', about: 'members of the cluster, comma-separated (http://127.0.0.1:2379)' },
  user: { value: 'NAME', env: 'ETCD_USERNAME', about: 'user; its password comes from a file, or from ETCD_PASSWORD' },
  'password-file': { value: 'FILE', env: 'ETCD_PASSWORD_FILE', about: 'file with the password', complete: 'file' },
  ca: { value: 'FILE', env: 'ETCD_CA_FILE', about: 'authorities to trust, PEM', complete: 'file' },
  cert: { value: 'FILE', env: 'ETCD_CERT_FILE', about: "this client's certificate, PEM", complete: 'file' },
  key: { value: 'FILE', env: 'ETCD_KEY_FILE', about: 'its key, PEM', complete: 'file' },
  insecure: { env: 'ETCD_INSECURE', about: 'allow plain http to other machines' },
  allow: { value: 'RANGES', env: 'LB_ALLOW', about: 'ranges that endpoints may be in (private ones)' },
  timeout: { value: 'MS', about: 'how long a call to etcd may take (2000)' },
};

/** As `inspect()`, `discover()` and `openOverrides()` take them. */
export type RegistryOptions = EtcdOptions & { readonly addresses: AddressPolicy };

/** Throws `UsageError`, and rejects with what reading a file rejects with. */
export async function readEtcdOptions(given: Given, env: World['env']): Promise<RegistryOptions> {
  const hosts = splitList(given.text('etcd') ?? 'http://127.0.0.1:2379');
  const allow = given.text('allow');
  const timeoutMs = given.number('timeout', { min: 1, max: 600_000 });
  const tls = await readTls(given);
  const auth = await readAuth(given, env);
  return {
    hosts,
    addresses: { allow: allow === undefined ? undefined : splitList(allow) },
    ...(tls !== undefined && { tls }),
    ...(auth !== undefined && { auth }),
    ...(given.flag('insecure') && { insecure: true }),
    ...(timeoutMs !== undefined && { requestTimeoutMs: timeoutMs }),
  };
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

async function readTls(given: Given): Promise<EtcdOptions['tls']> {
  const files = Object.fromEntries(['ca', 'cert', 'key'].map((name) => [name, given.text(name)]));
  const found = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (found.length === 0) return undefined;
  const texts = await Promise.all(found.map(async ([name, file]) => [name, await readFile(file, 'utf8')] as const));
  return Object.fromEntries(texts);
}

async function readAuth(given: Given, env: World['env']): Promise<EtcdOptions['auth']> {
  const username = given.text('user');
  if (username === undefined) return undefined;
  // As curl and etcdctl take it. There it ends up in the list of processes and in the shell's history.
  if (username.includes(':')) {
    throw new UsageError('--user takes a name only; the password comes from --password-file or ETCD_PASSWORD');
  }
  const file = given.text('password-file');
  const password = file === undefined ? env['ETCD_PASSWORD'] : (await readFile(file, 'utf8')).trimEnd();
  if (password === undefined || password === '') {
    throw new UsageError(`The password of "${username}" is missing: give --password-file, or set ETCD_PASSWORD`);
  }
  return { username, password };
}
