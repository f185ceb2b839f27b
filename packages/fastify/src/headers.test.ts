import { readTimeout as balancersReadTimeout } from '@lb/balancer';
import { describe, expect, it } from 'vitest';

import { readAttempt, readTimeout } from './headers.ts';

describe('x-lb-timeout-ms', () => {
  it.each([
    ['1', 1],
    ['2000', 2000],
    ['600000', 600_000],
    ['600001', undefined],
    ['0', undefined],
    ['01', undefined],
    ['-5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['10 ', undefined],
    ['1.5', undefined],
    ['', undefined],
    [undefined, undefined],
    [['5', '6'], undefined],
  ])('%j is read as %j', (value, ms) => {
    expect(readTimeout(value)).toBe(ms);
    // Who sends it and who gets it must not differ.
    expect(balancersReadTimeout(value)).toBe(ms);
  });
});

it.each([
  ['1', undefined, 1],
  ['12', '50', 12],
  [undefined, '50', 1],
  ['0', '50', undefined],
  ['1000', undefined, undefined],
  ['two', undefined, undefined],
  [undefined, undefined, undefined],
])('reads x-lb-attempt %j beside x-lb-timeout-ms %j as %j', (value, timeout, attempt) => {
  expect(readAttempt(value, timeout)).toBe(attempt);
});
