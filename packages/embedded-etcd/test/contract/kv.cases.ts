import type { IRangeRequest } from 'etcd3';
import { expect } from 'vitest';
import { b, type Cases, type Context, everything, prefix, withUnknown } from './context.ts';
import { failureOf } from './raw-client.ts';

/** Five keys whose versions, revisions and values sort differently. */
async function five(context: Context): Promise<void> {
  await context.put('a', '3'); // 1
  await context.put('b', '1'); // 2
  await context.put('c', '2'); // 3
  await context.put('d', '2'); // 4
  await context.put('a', '9'); // 5
  await context.put('e', '0'); // 6
}

type RangeRow = [name: string, request: (context: Context) => IRangeRequest, keys: string, more: boolean];

/** All with these keys, `a` to `e`, so the count is 5 unless said otherwise. */
const ranges: readonly RangeRow[] = [
  ['all keys, in the order of their bytes', () => ({}), 'abcde', false],
  ['a limit and tells that there is more', () => ({ limit: 2 }), 'ab', true],
  ['a limit that nothing exceeds', () => ({ limit: 5 }), 'abcde', false],
  ['a negative limit as none', () => ({ limit: -1 }), 'abcde', false],
  ['keys in descending order', () => ({ sort_order: 'Descend' }), 'edcba', false],
  ['keys in descending order up to a limit', () => ({ sort_order: 'Descend', limit: 2 }), 'ed', true],
  ['keys in ascending order', () => ({ sort_order: 'Ascend' }), 'abcde', false],
  ['by value, ascending when no order is asked for', () => ({ sort_target: 'Value' }), 'ebcda', false],
  ['by value, descending', () => ({ sort_target: 'Value', sort_order: 'Descend' }), 'acdbe', false],
  ['by version', () => ({ sort_target: 'Version', sort_order: 'Ascend' }), 'bcdea', false],
  ['by version, descending', () => ({ sort_target: 'Version', sort_order: 'Descend' }), 'abcde', false],
  ['by create revision, descending', () => ({ sort_target: 'Create', sort_order: 'Descend' }), 'edcba', false],
  ['by create revision', () => ({ sort_target: 'Create', sort_order: 'Ascend' }), 'abcde', false],
  ['by mod revision', () => ({ sort_target: 'Mod', sort_order: 'Ascend' }), 'bcdae', false],
  ['by mod revision, descending, limited', () => ({ sort_target: 'Mod', sort_order: 'Descend', limit: 1 }), 'e', true],
  ['from a mod revision on', (c) => ({ min_mod_revision: c.revision(4) }), 'ade', false],
  ['up to a mod revision', (c) => ({ max_mod_revision: c.revision(4) }), 'bcd', false],
  ['from a create revision on', (c) => ({ min_create_revision: c.revision(3) }), 'cde', false],
  ['up to a create revision', (c) => ({ max_create_revision: c.revision(2) }), 'ab', false],
  ['within both bounds', (c) => ({ min_mod_revision: c.revision(3), max_create_revision: c.revision(3) }), 'ac', false],
  ['nothing up to a negative mod revision', () => ({ max_mod_revision: -4 }), '', false],
  ['everything from a negative mod revision on', () => ({ min_mod_revision: -3 }), 'abcde', false],
  ['a limit after the bounds', (c) => ({ limit: 1, min_mod_revision: c.revision(4) }), 'a', true],
  ['nothing but the count', () => ({ count_only: true }), '', false],
  ['nothing but the count, whatever the limit', () => ({ count_only: true, limit: 2 }), '', false],
  [
    'nothing but the count, whatever the bounds',
    (c) => ({ count_only: true, min_mod_revision: c.revision(5) }),
    '',
    false,
  ],
  ['the newest state at revision 0 and below', () => ({ revision: -3 }), 'abcde', false],
  ['without asking the leader', () => ({ serializable: true }), 'abcde', false],
  ['up to a range end, which is excluded', () => ({ key: b('b'), range_end: b('d') }), 'bc', false],
  ['from a key on', () => ({ key: b('c'), range_end: b('\0') }), 'cde', false],
  ['from a key on when the range end is there but empty', () => ({ key: b('c'), range_end: b('') }), 'cde', false],
  ['nothing for an end before the key', () => ({ key: b('c'), range_end: b('a') }), '', false],
  ['nothing for an end that is the key', () => ({ key: b('c'), range_end: b('c') }), '', false],
];

const counts: Readonly<Record<string, number>> = {
  'up to a range end, which is excluded': 2,
  'from a key on': 3,
  'from a key on when the range end is there but empty': 3,
  'nothing for an end before the key': 0,
  'nothing for an end that is the key': 0,
};

const rangeCases: Cases = Object.fromEntries(
  ranges.map(([name, request, keys, more]) => [
    `Range returns ${name}`,
    async (context: Context) => {
      await five(context);
      const answer = await context.call('KV/Range', { ...everything, ...request(context) });
      expect(answer.kvs.map(({ key }) => key.toString()).join('')).toBe(keys);
      expect(answer.more).toBe(more);
      expect(answer.count).toBe(String(counts[name] ?? 5));
      expect(context.at(answer.header.revision)).toBe(6);
    },
  ]),
);

export const kvCases: Cases = {
  ...rangeCases,

  'Range shows all that is known of a key': async (context) => {
    await context.put('a', '1');
    await context.put('a', '2');
    const lease = await context.grant(60);
    await context.put('b', '3', { lease });
    expect(await context.range()).toEqual({
      kvs: ['a=2 c1 m2 v2', `b=3 c3 m3 v1 lease ${lease}`],
      more: false,
      count: 2,
      revision: 3,
    });
  },

  'Range returns one key without a range end': async (context) => {
    await five(context);
    expect(await context.range({ key: b('b') })).toEqual({ kvs: ['b=1 c2 m2 v1'], more: false, count: 1, revision: 6 });
    expect(await context.range({ key: b('bb') })).toEqual({ kvs: [], more: false, count: 0, revision: 6 });
  },

  'Range returns keys without values when asked to': async (context) => {
    await context.put('a', 'x');
    expect(await context.range({ ...everything, keys_only: true })).toMatchObject({ kvs: ['a= c1 m1 v1'] });
  },

  'Range orders keys by bytes, not by letters': async (context) => {
    for (const key of ['\xff', 'z', 'Z', '\x80', 'a\0', 'a', '\u0001']) await context.put(key);
    const { kvs } = await context.call('KV/Range', everything);
    expect(kvs.map(({ key }) => key.toString('hex'))).toEqual(['01', '5a', '61', '6100', '7a', '80', 'ff']);
  },

  'Range reads the past': async (context) => {
    await context.put('a', '1');
    await context.put('b', '1');
    await context.put('a', '2');
    await context.delete('b');
    const past = async (at: number) => context.range({ ...everything, revision: context.revision(at) });
    expect(await past(1)).toEqual({ kvs: ['a=1 c1 m1 v1'], more: false, count: 1, revision: 4 });
    expect(await past(2)).toMatchObject({ kvs: ['a=1 c1 m1 v1', 'b=1 c2 m2 v1'], count: 2 });
    expect(await past(3)).toMatchObject({ kvs: ['a=2 c1 m3 v2', 'b=1 c2 m2 v1'], count: 2 });
    expect(await past(4)).toMatchObject({ kvs: ['a=2 c1 m3 v2'], count: 1 });
  },

  'Range counts the keys of the past when it reads it': async (context) => {
    await context.put('a');
    await context.put('b');
    await context.delete('a');
    const request = { ...everything, count_only: true, revision: context.revision(2) };
    expect(await context.range(request)).toMatchObject({ kvs: [], count: 2, revision: 3 });
  },

  'Range refuses a revision to come': async (context) => {
    const call = context.call('KV/Range', { ...everything, revision: context.revision(1) });
    expect(await failureOf(call)).toBe('OUT_OF_RANGE etcdserver: mvcc: required revision is a future revision');
  },

  'Range refuses a compacted revision, and reads the one that was compacted to': async (context) => {
    await context.put('a', '1');
    await context.put('a', '2');
    await context.put('a', '3');
    await context.call('KV/Compact', { revision: context.revision(2) });
    const past = (at: number) => context.call('KV/Range', { ...everything, revision: context.revision(at) });
    expect(await failureOf(past(1))).toBe('OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted');
    expect(context.viewOf(await past(2)).kvs).toEqual(['a=2 c1 m2 v2']);
  },

  'Range refuses to be without a key': async ({ raw }) => {
    expect(await failureOf(raw.call('KV/Range', { range_end: b('a') }))).toBe(
      'INVALID_ARGUMENT etcdserver: key is not provided',
    );
  },

  'Range takes an order that is not known for the order of keys': async (context) => {
    await five(context);
    const answer = await context.call('KV/Range', withUnknown({ ...everything }, { sort_order: 7 }));
    expect(answer.kvs.map(({ key }) => key.toString()).join('')).toBe('abcde');
  },

  'Put counts versions, and starts anew after a deletion': async (context) => {
    await context.put('a', '1');
    await context.put('a', '2');
    await context.delete('a');
    await context.put('a', '3');
    expect((await context.range()).kvs).toEqual(['a=3 c4 m4 v1']);
  },

  'Put returns the revision it made, and nothing of before unless asked': async (context) => {
    const first = await context.call('KV/Put', { key: b('a'), value: b('1') });
    const second = await context.call('KV/Put', { key: b('a'), value: b('2') });
    expect([first, second].map(({ header }) => context.at(header.revision))).toEqual([1, 2]);
    expect(second.prev_kv).toBeNull();
  },

  'Put returns what was there before when asked': async (context) => {
    const created = await context.call('KV/Put', { key: b('a'), value: b('1'), prev_kv: true });
    expect(created.prev_kv).toBeNull();
    const changed = await context.call('KV/Put', { key: b('a'), value: b('2'), prev_kv: true });
    expect(context.showKv(changed.prev_kv)).toBe('a=1 c1 m1 v1');
  },

  'Put stores bytes that are no text, and an empty value': async (context) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    await context.call('KV/Put', { key: bytes, value: bytes });
    await context.put('empty');
    const { kvs } = await context.call('KV/Range', everything);
    expect(kvs.map(({ key }) => key.length)).toEqual([256, 5]);
    expect(kvs[0]?.value.equals(bytes)).toBe(true);
    expect(kvs[1]?.value.length).toBe(0);
  },

  'Put keeps the value when told to ignore it': async (context) => {
    const lease = await context.grant(60);
    await context.put('a', 'x');
    await context.put('a', '', { ignore_value: true, lease });
    expect((await context.range()).kvs).toEqual([`a=x c1 m2 v2 lease ${lease}`]);
  },

  'Put keeps the lease when told to ignore it': async (context) => {
    const lease = await context.grant(60);
    await context.put('a', 'x', { lease });
    await context.put('a', 'y', { ignore_lease: true });
    await context.put('b', 'z', { lease });
    await context.put('b', 'z');
    expect((await context.range()).kvs).toEqual([`a=y c1 m2 v2 lease ${lease}`, 'b=z c3 m4 v2']);
  },

  ...refusals('Put', [
    ['a key that is empty', {}, 'INVALID_ARGUMENT etcdserver: key is not provided'],
    [
      'a value that it is to ignore',
      { key: b('a'), value: b('x'), ignore_value: true },
      'INVALID_ARGUMENT etcdserver: value is provided',
    ],
    [
      'a lease that it is to ignore',
      { key: b('a'), lease: 4, ignore_lease: true },
      'INVALID_ARGUMENT etcdserver: lease is provided',
    ],
    [
      'to keep the value of a key that is not there',
      { key: b('a'), ignore_value: true },
      'INVALID_ARGUMENT etcdserver: key not found',
    ],
    [
      'to keep the lease of a key that is not there',
      { key: b('a'), ignore_lease: true },
      'INVALID_ARGUMENT etcdserver: key not found',
    ],
    ['a lease that is not there', { key: b('a'), lease: 99 }, 'NOT_FOUND etcdserver: requested lease not found'],
    [
      'a lease that is not there before a key that is not there',
      { key: b('a'), lease: 99, ignore_value: true },
      'NOT_FOUND etcdserver: requested lease not found',
    ],
    [
      'more than 1.5 MiB',
      { key: b('a'), value: Buffer.alloc(1_572_844) },
      'INVALID_ARGUMENT etcdserver: request is too large',
    ],
  ]),

  'Put takes just under 1.5 MiB': async (context) => {
    await context.call('KV/Put', { key: b('xaa'), value: Buffer.alloc(1_572_834) });
    const { kvs } = await context.call('KV/Range', everything);
    expect(kvs[0]?.value.length).toBe(1_572_834);
  },

  'Put of far too much is stopped by gRPC': async ({ raw }) => {
    const failure = await failureOf(raw.call('KV/Put', { key: b('a'), value: Buffer.alloc(2_200_000) }));
    expect(failure).toMatch(/^RESOURCE_EXHAUSTED .*larger than max/);
  },

  'DeleteRange makes one revision of all it deletes, and none of nothing': async (context) => {
    await context.put('a');
    await context.put('b');
    await context.put('c');
    const deleted = await context.delete('a', 'c');
    expect([deleted.deleted, context.at(deleted.header.revision), deleted.prev_kvs]).toEqual(['2', 4, []]);
    const nothing = await context.delete('a', 'c');
    expect([nothing.deleted, context.at(nothing.header.revision)]).toEqual(['0', 4]);
    expect(await context.contents()).toEqual(['c=']);
  },

  'DeleteRange returns what was there when asked, in the order of keys': async (context) => {
    await context.put('b', '1');
    await context.put('a', '2');
    const { prev_kvs, deleted } = await context.call('KV/DeleteRange', { ...everything, prev_kv: true });
    expect(prev_kvs.map((kv) => context.showKv(kv))).toEqual(['a=2 c2 m2 v1', 'b=1 c1 m1 v1']);
    expect(deleted).toBe('2');
  },

  'DeleteRange deletes by prefix': async (context) => {
    for (const key of ['a', 'ab', 'ac', 'b']) await context.put(key);
    const { deleted } = await context.call('KV/DeleteRange', prefix('a'));
    expect(deleted).toBe('3');
    expect(await context.contents()).toEqual(['b=']);
  },

  'DeleteRange deletes from a key on': async (context) => {
    for (const key of ['a', 'b', 'c']) await context.put(key);
    await context.delete('b', '\0');
    expect(await context.contents()).toEqual(['a=']);
  },

  'DeleteRange deletes one key when the range end is there but empty': async (context) => {
    for (const key of ['a', 'b', 'c']) await context.put(key);
    await context.delete('b', '');
    expect(await context.contents()).toEqual(['a=', 'c=']);
  },

  'DeleteRange of an end before the key deletes nothing': async (context) => {
    await context.put('b');
    expect((await context.delete('c', 'a')).deleted).toBe('0');
  },

  'DeleteRange refuses to be without a key': async ({ raw }) => {
    expect(await failureOf(raw.call('KV/DeleteRange', {}))).toBe('INVALID_ARGUMENT etcdserver: key is not provided');
  },

  'Compact refuses what is compacted already, and what is to come': async (context) => {
    await context.put('a');
    await context.put('a');
    const compact = (at: number) => context.call('KV/Compact', { revision: context.revision(at) });
    const { header } = await compact(2);
    expect(context.at(header.revision)).toBe(2);
    const compacted = 'OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted';
    expect(await failureOf(compact(2))).toBe(compacted);
    expect(await failureOf(compact(1))).toBe(compacted);
    expect(await failureOf(compact(3))).toBe('OUT_OF_RANGE etcdserver: mvcc: required revision is a future revision');
  },

  'Compact keeps what is there, and forgets what was deleted': async (context) => {
    await context.put('a', '1');
    await context.put('b', '1');
    await context.delete('b');
    await context.put('a', '2');
    await context.call('KV/Compact', { revision: context.revision(3), physical: true });
    expect(await context.range({ ...everything, revision: context.revision(3) })).toMatchObject({
      kvs: ['a=1 c1 m1 v1'],
    });
    expect((await context.range()).kvs).toEqual(['a=2 c1 m4 v2']);
    await context.put('b', '2');
    expect((await context.range()).kvs).toEqual(['a=2 c1 m4 v2', 'b=2 c5 m5 v1']);
  },

  'every answer tells the same cluster, member and raft term': async ({ raw }) => {
    const headers = [
      (await raw.call('KV/Range', everything)).header,
      (await raw.call('KV/Put', { key: b('a') })).header,
      (await raw.call('KV/Txn', {})).header,
      (await raw.call('Lease/LeaseLeases', {})).header,
      (await raw.call('Maintenance/Status', {})).header,
    ];
    const ids = new Set(
      headers.map(({ cluster_id, member_id, raft_term }) => `${cluster_id} ${member_id} ${raft_term}`),
    );
    expect(ids.size).toBe(1);
    expect([...ids][0]).toMatch(/^[1-9]\d+ [1-9]\d+ 2$/);
  },

  'takes hasleader on any call': async (context) => {
    const client = context.client({ hasleader: 'true' });
    await client.call('KV/Put', { key: b('a') });
    expect((await client.call('KV/Range', everything)).count).toBe('1');
  },
};

type PutRow = [what: string, request: Parameters<Context['call']>[1] & { key?: Buffer }, failure: string];

function refusals(method: 'Put', rows: readonly PutRow[]): Cases {
  return Object.fromEntries(
    rows.map(([what, request, failure]) => [
      `${method} refuses ${what}`,
      async ({ raw }: Context) => expect(await failureOf(raw.call(`KV/${method}`, request))).toBe(failure),
    ]),
  );
}
