/** What a proxy of this package takes from strangers: where a request is to go, and what balancers say in headers. */
import type { FuzzTarget } from '@lb/testkit';
import assert from 'node:assert/strict';

import { proxyTarget } from '../../src/consumer/proxy-target.ts';
import { readAttempt, readTimeout } from '../../src/headers.ts';

export const targets: readonly FuzzTarget[] = [
  {
    name: 'proxy-target',
    words: [
      '/api',
      '/hash',
      '//evil.example',
      '/\\',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '%00',
      '%25',
      '#',
      '?',
      '@',
      '\t',
      '\r\n',
    ],
    run: target,
  },
  { name: 'balancer-headers', words: ['1', '600000', '-', '.', 'e', ' ', '0x'], run: headers },
];

/** What is passed on stays with the service, below whatever it is joined to, also when it is decoded on the way. */
function target(input: Buffer): string {
  const url = input.toString('latin1');
  const fixed = proxyTarget(url, '/api', 'hash');
  const named = proxyTarget(url, '/api', undefined);
  for (const found of [fixed, named]) {
    if (found === undefined) continue;
    const { service, path } = found;
    assert.match(service, /^[A-Za-z0-9][\w.-]{0,127}$/);
    assert.ok(url.endsWith(path) || url.endsWith(path.slice(1)), 'nothing but the prefix is cut off');
    const joined = new URL(path, 'http://service');
    assert.equal(joined.origin, 'http://service');
    const [before = ''] = path.split('?', 1);
    const decoded = before.replaceAll(/%([\da-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    for (const segment of decoded.split(/[/\\]/))
      assert.ok(segment !== '.' && segment !== '..', `a dot segment: ${decoded}`);
    assert.ok(!decoded.includes('\0'));
  }
  return `${fixed === undefined ? 'refused' : 'taken'}, ${named === undefined ? 'refused' : 'taken'} by name`;
}

function headers(input: Buffer): string {
  const value = input.toString('latin1');
  const timeout = readTimeout(value);
  const attempt = readAttempt(value, undefined);
  if (timeout !== undefined) assert.ok(timeout >= 1 && timeout <= 600_000 && String(timeout) === value);
  if (attempt !== undefined) assert.ok(attempt >= 1 && attempt <= 999 && String(attempt) === value);
  return `${timeout === undefined ? 'no' : 'a'} timeout, ${attempt === undefined ? 'no' : 'an'} attempt`;
}
