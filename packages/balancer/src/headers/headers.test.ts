import { describe, expect, it } from 'vitest';

import { untyped } from '../../test/support/untyped.ts';
import { readTimeout } from './deadline.ts';
import { findHeader, toHeaderList } from './header-list.ts';
import { readLoadReport } from './load-report.ts';
import { readRetryAfter } from './retry-after.ts';

describe('headers of a request', () => {
  it.each([
    ['an object', { a: '1', B: ['2', '3'], c: undefined }, ['a', '1', 'B', ['2', '3'], 'c', undefined]],
    ['a flat list', ['a', '1', 'B', '2'], ['a', '1', 'B', '2']],
    ['a Map', new Map([['a', '1']]), ['a', '1']],
    ['Headers', new Headers({ A: '1' }), ['a', '1']],
    ['nothing', null, []],
  ])('become one list from %s', (_what, headers, list) => {
    expect(toHeaderList(headers)).toEqual(list);
  });

  it('lose what was said of a former hop, however it is spelled', () => {
    const given = { 'X-LB-Attempt': '7', a: '1', 'x-lb-timeout-MS': '5', 'x-lb-attempts': 'mine' };
    expect(toHeaderList(given)).toEqual(['a', '1', 'x-lb-attempts', 'mine']);
    expect(toHeaderList(['x-lb-timeout-ms', '1', 'a', '2'])).toEqual(['a', '2']);
  });

  it.each([[['a']], ['a: 1'], [new Set(['a'])]])('are not made up from %j', (headers) => {
    expect(toHeaderList(untyped(headers))).toBeUndefined();
  });

  it('are found in any spelling', () => {
    const list = ['Host', 'a', 'x-user', ['1', '2'], 'X-User', '3', 'n', 4];
    expect(findHeader(list, 'host')).toBe('a');
    expect(findHeader(list, 'x-user')).toBe('1');
    expect(findHeader(list, 'n')).toBeUndefined();
    expect(findHeader(list, 'other')).toBeUndefined();
  });
});

it.each([
  ['0', 0],
  ['2', 2000],
  ['61', 60_000],
  ['999999999', 60_000],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  [' 1', undefined],
  ['9999999999999999999999', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  [['1', '2'], undefined],
  [undefined, undefined],
])('reads Retry-After %j as %j ms', (value, ms) => {
  expect(readRetryAfter(value)).toBe(ms);
});

it.each([
  ['1', 1],
  ['600000', 600_000],
  ['600001', undefined],
  ['0', undefined],
  ['007', undefined],
  ['1.5', undefined],
  ['-5', undefined],
  ['1e3', undefined],
  [' 5', undefined],
  [['5', '6'], undefined],
  [undefined, undefined],
])('reads x-lb-timeout-ms %j as %j', (value, ms) => {
  expect(readTimeout(value)).toBe(ms);
});

describe('a load report', () => {
  const report = { requestsPerSecond: 120, errorsPerSecond: 3, utilization: 0.3 };

  it.each([
    'TEXT cpu_utilization=0.3, rps_fractional=120, eps=3',
    'TEXT cpu_utilization:0.3,rps_fractional:120,eps:3,named_metrics.queue:7',
    'cpu_utilization=0.3,rps_fractional=1.2e2,eps=3',
    'JSON {"cpu_utilization": 0.3, "rps_fractional": 120, "eps": 3, "named_metrics": {"a": 1}}',
    'JSON {"cpuUtilization": 0.3, "rpsFractional": 120, "eps": 3}',
  ])('is read from %s', (header) => {
    expect(readLoadReport(header)).toEqual(report);
  });

  it("goes by the application's own utilization where it is given", () => {
    expect(readLoadReport('TEXT cpu_utilization=0.3,application_utilization=0.8')).toMatchObject({ utilization: 0.8 });
    expect(readLoadReport('TEXT cpu_utilization=0.3,application_utilization=0')).toMatchObject({ utilization: 0.3 });
  });

  it.each([
    'TEXT',
    'TEXT cpu_utilization',
    'TEXT cpu_utilization=',
    'TEXT cpu_utilization=-1',
    'TEXT cpu_utilization=1e999',
    'TEXT cpu_utilization=NaN',
    'TEXT cpu_utilization=0x10',
    'TEXT cpu_utilization=0.1,cpu_utilization=0.2',
    'TEXT cpu_utilization=0.1;rps_fractional=2',
    'JSON',
    'JSON {',
    'JSON []',
    'JSON null',
    'JSON {"cpu_utilization": "0.3"}',
    'JSON {"cpu_utilization": 1e999}',
    `JSON {"cpu_utilization": ${'0'.repeat(5000)}}`,
    'BIN AAAA',
    undefined,
    ['TEXT cpu_utilization=0.3'],
  ])('is not believed in part: %j', (header) => {
    expect(readLoadReport(header)).toBeUndefined();
  });
});
