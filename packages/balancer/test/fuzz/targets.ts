/** What the balancer takes from strangers: requests that are passed on, and what providers say in headers. */
import type { FuzzTarget } from '@lb/testkit';
import assert from 'node:assert/strict';

import { readTimeout } from '../../src/headers/deadline.ts';
import { findHeader, toHeaderList } from '../../src/headers/header-list.ts';
import { readLoadReport } from '../../src/headers/load-report.ts';
import { readRetryAfter } from '../../src/headers/retry-after.ts';
import { isTarget } from '../../src/target.ts';
import { forward } from './forward.ts';

export const targets: readonly FuzzTarget[] = [
  {
    name: 'forwarding',
    slow: true,
    words: [
      'GET / HTTP/1.1\r\n',
      'POST //evil.example/ HTTP/1.1\r\n',
      'Host: a\r\n',
      'Content-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Connection: close, x-a\r\n',
      'X-Forwarded-For: 1\r\n',
      'x-lb-attempt: 9\r\n',
      'Expect: 100-continue\r\n',
      'Cookie: a=b\r\n',
      '5\r\nhello\r\n0\r\n\r\n',
      '\r\n\r\n',
      '\n',
      'http://evil.example/',
      '%2F..',
      '\\',
    ],
    run: forward,
  },
  {
    name: 'request-target',
    words: [
      '//evil.example',
      '/\\evil.example',
      'http://evil.example',
      '@',
      '#',
      '?',
      '%2f',
      '..',
      '\t',
      '\r\n',
      '\u0000',
    ],
    run: target,
  },
  {
    name: 'answer-headers',
    words: [
      'TEXT cpu_utilization=0.3',
      'JSON {"cpu_utilization":0.3}',
      'rps_fractional:1e3',
      'application_utilization',
      '1e309',
      '-',
      '__proto__',
    ],
    run: answerHeaders,
  },
];

/** A path that is taken stays with the service, however carelessly it is joined with an address. */
function target(input: Buffer): string {
  const path = input.toString('latin1');
  if (!isTarget(path)) return input[0] === 0x2f ? 'refused' : 'not a path';
  assert.equal(new URL(path, 'http://service').origin, 'http://service');
  assert.equal(new URL(`http://service${path}`).origin, 'http://service');
  assert.ok(input.every((byte) => byte > 0x20 && byte !== 0x7f));
  return path.includes('?') ? 'taken, with a query' : 'taken';
}

function answerHeaders(input: Buffer): string {
  const value = input.toString('latin1');
  const timeout = readTimeout(value);
  const retryAfter = readRetryAfter(value);
  const report = readLoadReport(value);
  if (timeout !== undefined) assert.ok(timeout >= 1 && timeout <= 600_000);
  if (retryAfter !== undefined) assert.ok(retryAfter >= 0 && retryAfter <= 60_000);
  for (const number of Object.values(report ?? {})) assert.ok(number >= 0 && number < Infinity);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  const list = toHeaderList([value, value]);
  const isOurs = /^x-lb-(?:attempt|timeout-ms)$/i.test(value);
  assert.equal(list?.length, isOurs ? 0 : 2);
  assert.equal(findHeader(list, value.toLowerCase()), isOurs ? undefined : value);
  const seen = { timeout, retryAfter, report };
  return JSON.stringify(seen, (_key, inner: unknown) => (typeof inner === 'number' ? Math.sign(inner) : inner));
}
