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
  ['1', 1],
  ['12', 12],
  ['0', undefined],
  ['1000', undefined],
  ['two', undefined],
  [undefined, undefined],
])('reads x-lb-attempt %j as %j', (value, attempt) => {
  expect(readAttempt(value)).toBe(attempt);
});
