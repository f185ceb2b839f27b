import { describe, expect, test } from 'vitest';
import { refuseDuplicateKeys } from './duplicate-keys.ts';
import { singleKey } from './key-range.ts';
import type { Operation } from './operations.ts';

const put = (key: string): Operation => ({ kind: 'put', key, value: Buffer.alloc(0), lease: '0', prevKv: false });
const remove = (start: string, end?: string): Operation => ({
  kind: 'delete',
  range: end === undefined ? singleKey(start) : { start, end },
  prevKv: false,
});
const fromKeyOn = (start: string): Operation => ({ kind: 'delete', range: { start, end: undefined }, prevKv: false });
const inner = (success: Operation[], failure: Operation[] = []): Operation => ({
  kind: 'txn',
  compares: [],
  success,
  failure,
});

describe('a txn', () => {
  test.each<[string, Operation[]]>([
    ['puts different keys', [put('a'), put('b')]],
    ['deletes a key twice', [remove('a'), remove('a', 'c')]],
    ['puts a key at the end of a range it deletes', [remove('a', 'b'), put('b')]],
    ['puts a key in both branches of an inner txn', [inner([put('a')], [put('a')])]],
    ['puts a key in an inner txn that a later one deletes', [inner([put('a')]), inner([remove('a')])]],
    ['deletes from a key on', [fromKeyOn('a'), put('b')]],
  ])('may be one that %s', (_what, operations) => {
    expect(() => refuseDuplicateKeys(operations)).not.toThrow();
  });

  test.each<[string, Operation[]]>([
    ['puts a key twice', [put('a'), put('a')]],
    ['puts and deletes a key', [put('a'), remove('a')]],
    ['puts a key within a range it deletes', [remove('a', 'c'), put('b')]],
    ['puts a key that an inner txn puts', [inner([], [put('a')]), put('a')]],
    ['puts a key that an inner txn deletes', [inner([remove('a', 'b')]), put('a')]],
    ['puts a key in two inner txns', [inner([put('a')]), inner([], [put('a')])]],
    ['deletes a key that an inner txn puts', [inner([put('a')]), remove('a')]],
    ['puts a key in an inner txn that an earlier one deletes', [inner([remove('a')]), inner([put('a')])]],
    ['hides a duplicate two levels down', [inner([inner([put('a'), put('a')])])]],
  ])('must not be one that %s', (_what, operations) => {
    expect(() => refuseDuplicateKeys(operations)).toThrow('etcdserver: duplicate key given in txn request');
  });
});
