import type { ICompare, IRequestOp, IResponseOp, ITxnRequest } from 'etcd3';
import { expect } from 'vitest';
import { b, type Cases, type Context, everything, withUnknown } from './context.ts';
import { failureOf } from './raw-client.ts';

const put = (key: string, value = '', rest: object = {}): IRequestOp => ({
  request_put: { key: b(key), value: b(value), ...rest },
});
const range = (key: string, rest: object = {}): IRequestOp => ({ request_range: { key: b(key), ...rest } });
const remove = (key: string, rangeEnd?: string, rest: object = {}): IRequestOp => ({
  request_delete_range: { key: b(key), ...(rangeEnd !== undefined && { range_end: b(rangeEnd) }), ...rest },
});
const inner = (request: ITxnRequest): IRequestOp => ({ request_txn: request });
const absent = (key: string): ICompare => ({ key: b(key), target: 'Create', result: 'Equal', create_revision: 0 });

/** Answers of a txn, one line each, inner ones in brackets. */
function show(context: Context, responses: readonly IResponseOp[]): string[] {
  return responses.map(({ response_put, response_range, response_delete_range, response_txn }) => {
    if (response_txn !== undefined) {
      const { header, succeeded, responses: inside } = response_txn;
      return `txn @${header.revision} ${succeeded} [${show(context, inside).join(', ')}]`;
    }
    if (response_put !== undefined) {
      const { header, prev_kv } = response_put;
      return `put @${context.at(header.revision)}${prev_kv === null ? '' : ` was ${context.showKv(prev_kv)}`}`;
    }
    if (response_range !== undefined) {
      const { revision, kvs, count } = context.viewOf(response_range);
      return `range @${revision} ${count} ${kvs.join(', ')}`.trim();
    }
    const { header, deleted, prev_kvs } = response_delete_range;
    return `delete @${context.at(header.revision)} ${deleted} ${prev_kvs.map((kv) => context.showKv(kv)).join(', ')}`.trim();
  });
}

async function txn(context: Context, request: ITxnRequest): Promise<string[]> {
  const { header, succeeded, responses } = await context.call('KV/Txn', request);
  return [`@${context.at(header.revision)} ${succeeded}`, ...show(context, responses)];
}

type CompareRow = [compare: string, request: (context: Context) => ICompare, holds: boolean];

/** With `a` put twice, at 1 and 2, holding `m`, under lease 7; and `b` put once, at 3. */
const compares: readonly CompareRow[] = [
  ['version = 2', () => ({ target: 'Version', result: 'Equal', version: 2 }), true],
  ['version = 1', () => ({ target: 'Version', result: 'Equal', version: 1 }), false],
  ['version != 1', () => ({ target: 'Version', result: 'NotEqual', version: 1 }), true],
  ['version != 2', () => ({ target: 'Version', result: 'NotEqual', version: 2 }), false],
  ['version > 1', () => ({ target: 'Version', result: 'Greater', version: 1 }), true],
  ['version > 2', () => ({ target: 'Version', result: 'Greater', version: 2 }), false],
  ['version < 3', () => ({ target: 'Version', result: 'Less', version: 3 }), true],
  ['version < 2', () => ({ target: 'Version', result: 'Less', version: 2 }), false],
  ['create = 1', (c) => ({ target: 'Create', result: 'Equal', create_revision: c.revision(1) }), true],
  ['create > 1', (c) => ({ target: 'Create', result: 'Greater', create_revision: c.revision(1) }), false],
  ['create < 2', (c) => ({ target: 'Create', result: 'Less', create_revision: c.revision(2) }), true],
  ['mod = 2', (c) => ({ target: 'Mod', result: 'Equal', mod_revision: c.revision(2) }), true],
  ['mod != 2', (c) => ({ target: 'Mod', result: 'NotEqual', mod_revision: c.revision(2) }), false],
  ['mod > 1', (c) => ({ target: 'Mod', result: 'Greater', mod_revision: c.revision(1) }), true],
  ['value = m', () => ({ target: 'Value', result: 'Equal', value: b('m') }), true],
  ['value != m', () => ({ target: 'Value', result: 'NotEqual', value: b('m') }), false],
  ['value > l', () => ({ target: 'Value', result: 'Greater', value: b('l') }), true],
  ['value < ma', () => ({ target: 'Value', result: 'Less', value: b('ma') }), true],
  ['value < \\xff, by bytes', () => ({ target: 'Value', result: 'Less', value: b('\xff') }), true],
  ['lease = 7', () => ({ target: 'Lease', result: 'Equal', lease: 7 }), true],
  ['lease > 6', () => ({ target: 'Lease', result: 'Greater', lease: 6 }), true],
  ['lease < -1', () => ({ target: 'Lease', result: 'Less', lease: -1 }), false],
  ['nothing more than the key', () => ({}), false],
  [
    'a target and the number of another',
    (c) => ({ target: 'Version', result: 'Equal', mod_revision: c.revision(2) }),
    false,
  ],
  ['an unknown operator', () => withUnknown({ target: 'Version', version: 1 }, { result: 9 }), true],
  ['an unknown target', () => withUnknown({ result: 'Equal' }, { target: 9 }), true],
  ['version = 0 of a missing key', () => ({ key: b('none'), target: 'Version', result: 'Equal', version: 0 }), true],
  [
    'create > 0 of a missing key',
    () => ({ key: b('none'), target: 'Create', result: 'Greater', create_revision: 0 }),
    false,
  ],
  ['lease = 0 of a missing key', () => ({ key: b('none'), target: 'Lease', result: 'Equal', lease: 0 }), true],
  ['value = "" of a missing key', () => ({ key: b('none'), target: 'Value', result: 'Equal' }), false],
  [
    'value != x of a missing key',
    () => ({ key: b('none'), target: 'Value', result: 'NotEqual', value: b('x') }),
    false,
  ],
  ['version > 0 of all keys', () => ({ ...everything, target: 'Version', result: 'Greater', version: 0 }), true],
  ['version > 1 of all keys', () => ({ ...everything, target: 'Version', result: 'Greater', version: 1 }), false],
  [
    'version = 1 of the keys after a',
    () => ({ key: b('b'), range_end: b('\0'), target: 'Version', result: 'Equal', version: 1 }),
    true,
  ],
  ['mod = 0 of a range without keys', () => ({ key: b('x'), range_end: b('y'), target: 'Mod', result: 'Equal' }), true],
  [
    'value = "" of a range without keys',
    () => ({ key: b('x'), range_end: b('y'), target: 'Value', result: 'Equal' }),
    false,
  ],
];

const compareCases: Cases = Object.fromEntries(
  compares.map(([compare, request, holds]) => [
    `Txn compares ${compare}: ${holds ? 'holds' : 'does not'}`,
    async (context: Context) => {
      await context.put('a', 'l');
      const lease = await context.grant(60, 7);
      await context.put('a', 'm', { lease });
      await context.put('b', '');
      const { succeeded } = await context.call('KV/Txn', { compare: [{ key: b('a'), ...request(context) }] });
      expect(succeeded).toBe(holds);
    },
  ]),
);

const duplicate = 'INVALID_ARGUMENT etcdserver: duplicate key given in txn request';
const tooMany = 'INVALID_ARGUMENT etcdserver: too many operations in txn request';
const many = (count: number): IRequestOp[] => Array.from({ length: count }, (_, index) => range(`k${index}`));

/** Each refused with nothing done. */
const refused: readonly [what: string, request: (context: Context) => ITxnRequest, failure: string][] = [
  ['an operation that is none', () => ({ success: [put('ok'), {}] }), 'INVALID_ARGUMENT etcdserver: key not found'],
  ['a put without a key', () => ({ success: [put('')] }), 'INVALID_ARGUMENT etcdserver: key is not provided'],
  ['a read without a key', () => ({ failure: [range('')] }), 'INVALID_ARGUMENT etcdserver: key is not provided'],
  ['a compare without a key', () => ({ compare: [{}] }), 'INVALID_ARGUMENT etcdserver: key is not provided'],
  ['the same key put twice', () => ({ success: [put('a'), put('a')] }), duplicate],
  ['the same key put twice in the branch not taken', () => ({ failure: [put('a'), put('a')] }), duplicate],
  ['a key put and deleted', () => ({ success: [put('a'), remove('a')] }), duplicate],
  ['a key put and deleted with others', () => ({ success: [remove('a', 'c'), put('b')] }), duplicate],
  ['a key put here and in an inner txn', () => ({ success: [put('a'), inner({ success: [put('a')] })] }), duplicate],
  [
    'a key put in two inner txns',
    () => ({ success: [inner({ success: [put('a')] }), inner({ failure: [put('a')] })] }),
    duplicate,
  ],
  [
    'a key deleted in an inner txn and put in a later one',
    () => ({ success: [inner({ success: [remove('a')] }), inner({ success: [put('a')] })] }),
    duplicate,
  ],
  ['more than 128 operations', () => ({ success: many(129) }), tooMany],
  ['more than 128 compares', () => ({ compare: Array.from({ length: 129 }, () => absent('a')) }), tooMany],
  [
    'more than 128 operations with those inside',
    () => ({ success: [...many(100), inner({ success: many(28) })] }),
    tooMany,
  ],
  [
    'a read at a revision to come',
    (c) => ({ success: [put('ok'), range('a', { revision: c.revision(2) })] }),
    'OUT_OF_RANGE etcdserver: mvcc: required revision is a future revision',
  ],
  [
    'a lease that is not there',
    () => ({ success: [put('ok'), put('a', '', { lease: 55 })] }),
    'NOT_FOUND etcdserver: requested lease not found',
  ],
  [
    'a key that is not there before a lease that is not there',
    () => ({ success: [put('a', '', { lease: 55, ignore_value: true })] }),
    'INVALID_ARGUMENT etcdserver: key not found',
  ],
  [
    'a put before a read that comes first',
    (c) => ({ success: [range('a', { revision: c.revision(2) }), put('a', '', { lease: 55 })] }),
    'NOT_FOUND etcdserver: requested lease not found',
  ],
  [
    'to keep the value of a key that is not there',
    () => ({ success: [put('ok'), put('a', '', { ignore_value: true })] }),
    'INVALID_ARGUMENT etcdserver: key not found',
  ],
];

const refusedCases: Cases = Object.fromEntries(
  refused.map(([what, request, failure]) => [
    `Txn refuses ${what}`,
    async (context: Context) => {
      expect(await failureOf(context.call('KV/Txn', request(context)))).toBe(failure);
      expect(await context.range()).toEqual({ kvs: [], more: false, count: 0, revision: 0 });
    },
  ]),
);

export const txnCases: Cases = {
  ...compareCases,
  ...refusedCases,

  'Txn makes one revision of all its writes, and its reads see those before them': async (context) => {
    await context.put('a', '1');
    await context.put('b', '1');
    const request = {
      success: [
        put('a', '2', { prev_kv: true }),
        range('a'),
        remove('b', undefined, { prev_kv: true }),
        range('\0', { range_end: b('\0'), count_only: true }),
        put('c', '2'),
      ],
    };
    expect(await txn(context, request)).toEqual([
      '@3 true',
      'put @3 was a=1 c1 m1 v1',
      'range @3 1 a=2 c1 m3 v2',
      'delete @3 1 b=1 c2 m2 v1',
      'range @3 1',
      'put @3',
    ]);
    expect((await context.range()).kvs).toEqual(['a=2 c1 m3 v2', 'c=2 c3 m3 v1']);
  },

  'Txn tells each operation the revision as it was then': async (context) => {
    const request = { success: [range('a'), remove('zz'), put('a'), range('a')] };
    expect(await txn(context, request)).toEqual([
      '@1 true',
      'range @0 0',
      'delete @0 0',
      'put @1',
      'range @1 1 a= c1 m1 v1',
    ]);
  },

  'Txn that only reads, or deletes nothing, makes no revision': async (context) => {
    await context.put('a', 'x');
    expect(await txn(context, { success: [range('a'), remove('b')] })).toEqual([
      '@1 true',
      'range @1 1 a=x c1 m1 v1',
      'delete @1 0',
    ]);
  },

  'Txn without anything succeeds': async (context) => {
    expect(await txn(context, {})).toEqual(['@0 true']);
  },

  'Txn runs the other operations when a compare fails': async (context) => {
    await context.put('a', 'x');
    const request = { compare: [absent('b'), absent('a')], success: [put('a', 'y')], failure: [range('a')] };
    expect(await txn(context, request)).toEqual(['@1 false', 'range @1 1 a=x c1 m1 v1']);
  },

  'Txn reads the past': async (context) => {
    await context.put('a', '1');
    await context.put('a', '2');
    const request = { success: [put('b'), range('a', { revision: context.revision(1) })] };
    expect(await txn(context, request)).toEqual(['@3 true', 'put @3', 'range @3 1 a=1 c1 m1 v1']);
  },

  'Txn refuses to read what is compacted, and then changes nothing': async (context) => {
    await context.put('a', '1');
    await context.put('a', '2');
    await context.call('KV/Compact', { revision: context.revision(2) });
    const call = context.call('KV/Txn', { success: [put('b'), range('a', { revision: context.revision(1) })] });
    expect(await failureOf(call)).toBe('OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted');
    expect(await context.contents()).toEqual(['a=2']);
  },

  'Txn does not mind what the branch not taken asks for': async (context) => {
    const request = { success: [put('a')], failure: [range('a', { revision: context.revision(99) })] };
    expect(await txn(context, request)).toEqual(['@1 true', 'put @1']);
  },

  'Txn takes exactly 128 operations': async (context) => {
    const { responses } = await context.call('KV/Txn', { success: many(128) });
    expect(responses.length).toBe(128);
  },

  'Txn takes 128 operations, those inside included': async (context) => {
    const { responses } = await context.call('KV/Txn', { success: [...many(99), inner({ success: many(28) })] });
    expect(responses[99]?.response_txn.responses.length).toBe(28);
  },

  'inner txns run with the outer one, at its revision, without a revision in their headers': async (context) => {
    const request = { success: [put('a'), inner({ success: [put('b'), range('a'), inner({ success: [put('c')] })] })] };
    expect(await txn(context, request)).toEqual([
      '@1 true',
      'put @1',
      'txn @0 true [put @1, range @1 1 a= c1 m1 v1, txn @0 true [put @1]]',
    ]);
  },

  'inner compares see the state before the outer txn': async (context) => {
    const request = {
      success: [put('a'), inner({ compare: [absent('a')], success: [put('was-absent')], failure: [put('was-there')] })],
    };
    await txn(context, request);
    expect(await context.contents()).toEqual(['a=', 'was-absent=']);
  },

  'both branches of an inner txn may put the same key': async (context) => {
    const request = { success: [inner({ success: [put('a', '1')], failure: [put('a', '2')] })] };
    await txn(context, request);
    expect(await context.contents()).toEqual(['a=1']);
  },

  'an inner txn may delete what an earlier one has put': async (context) => {
    const request = { success: [inner({ success: [put('a')] }), inner({ success: [remove('a')] })] };
    expect(await txn(context, request)).toEqual(['@1 true', 'txn @0 true [put @1]', 'txn @0 true [delete @1 1]']);
    expect(await context.range()).toMatchObject({ kvs: [], revision: 1 });
    await context.put('a');
    expect((await context.range()).kvs).toEqual(['a= c2 m2 v1']);
  },

  'a key deleted from a key on, and put again, begins anew': async (context) => {
    await context.put('b', '1');
    await context.put('b', '2');
    const request = { success: [remove('a', '\0'), put('b', '3')] };
    expect(await txn(context, request)).toEqual(['@3 true', 'delete @3 1', 'put @3']);
    expect((await context.range()).kvs).toEqual(['b=3 c3 m3 v1']);
  },

  'an empty range end means all keys from there on in a txn that only reads': async (context) => {
    for (const key of ['a', 'b', 'c']) await context.put(key);
    const read = range('b', { range_end: b(''), keys_only: true });
    expect(await txn(context, { success: [read] })).toEqual(['@3 true', 'range @3 2 b= c2 m2 v1, c= c3 m3 v1']);
    expect(await txn(context, { success: [read, put('d')] })).toEqual(['@4 true', 'range @3 1 b= c2 m2 v1', 'put @4']);
  },

  'a serializable txn reads': async (context) => {
    await context.put('a', 'x');
    expect(await txn(context, { success: [range('a', { serializable: true })] })).toEqual([
      '@1 true',
      'range @1 1 a=x c1 m1 v1',
    ]);
  },

  'a txn sorts and limits its reads': async (context) => {
    for (const key of ['a', 'b', 'c']) await context.put(key);
    const { responses } = await context.call('KV/Txn', {
      success: [{ request_range: { ...everything, sort_order: 'Descend', limit: 2 } }],
    });
    const answer = responses[0]?.response_range;
    expect(answer?.kvs.map(({ key }) => key.toString())).toEqual(['c', 'b']);
    expect([answer?.more, answer?.count]).toEqual([true, '3']);
  },
};
