import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { includes, type KeyRange, singleKey } from './key-range.ts';
import { type KeyValue, noLease } from './key-value.ts';
import { Store } from './store.ts';

const everything: KeyRange = { start: '\0', end: undefined };

/** The store as a list of everything that ever happened, searched from the start each time. */
class Model {
  history: { revision: number; key: string; value: string | undefined }[] = [];
  revision = 1;
  compacted = -1;

  keysAt(range: KeyRange, revision: number): string[] {
    const alive = new Map<string, { value: string; create: number; mod: number; version: number }>();
    for (const { revision: mod, key, value } of this.history) {
      if (mod > revision || !includes(range, key)) continue;
      const before = alive.get(key);
      if (value === undefined) alive.delete(key);
      else alive.set(key, { value, create: before?.create ?? mod, mod, version: (before?.version ?? 0) + 1 });
    }
    return [...alive]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, kv]) => `${key}=${kv.value} ${kv.create} ${kv.mod} ${kv.version}`);
  }

  rewind(revision: number): void {
    this.revision = revision;
    this.history = this.history.filter((event) => event.revision <= revision);
  }
}

function show(kvs: Iterable<KeyValue>): string[] {
  return Array.from(
    kvs,
    ({ key, value, createRevision, modRevision, version }) =>
      `${key.toString()}=${value.toString()} ${createRevision} ${modRevision} ${version}`,
  );
}

function put(store: Store, key: string, value = 'v', lease = noLease): void {
  store.write((txn) => txn.put(key, Buffer.from(value), lease));
}

describe('a store', () => {
  test('reads at every revision what a list of all that happened says', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 2 });
    const range = fc.record({ start: key, end: fc.option(key, { nil: undefined }) });
    const change = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.constantFrom('x', 'y') }),
      fc.record({ kind: fc.constant('delete' as const), range: fc.oneof(range, key.map(singleKey)) }),
    );
    const step = fc.oneof(
      { weight: 9, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.record({ compactBack: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ rewindBack: fc.nat(5) }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.array(range, { maxLength: 5 }),
        (steps, ranges) => {
          const store = new Store();
          const model = new Model();
          for (const one of steps) {
            if (Array.isArray(one)) {
              const before = model.history.length;
              store.write((txn) => {
                for (const act of one) {
                  if (act.kind === 'put') {
                    txn.put(act.key, Buffer.from(act.value), noLease);
                    model.history.push({ revision: model.revision + 1, key: act.key, value: act.value });
                  } else {
                    const gone = model.keysAt(act.range, Infinity);
                    expect(show(txn.delete(act.range))).toEqual(gone);
                    for (const line of gone) {
                      model.history.push({ revision: model.revision + 1, key: line.split('=')[0]!, value: undefined });
                    }
                  }
                  expect(show(txn.scan(everything))).toEqual(model.keysAt(everything, Infinity));
                }
              });
              if (model.history.length > before) model.revision += 1;
            } else if ('compactBack' in one) {
              const revision = model.revision - one.compactBack;
              if (revision <= model.compacted) continue;
              store.compact(revision);
              model.compacted = revision;
            } else {
              const revision = model.revision - one.rewindBack;
              if (revision < Math.max(1, model.compacted)) continue;
              store.rewind(revision);
              model.rewind(revision);
            }
            expect(store.revision).toBe(model.revision);
          }
          for (let revision = Math.max(1, model.compacted); revision <= model.revision; revision += 1) {
            for (const one of [everything, ...ranges]) {
              expect(show(store.scan(one, revision))).toEqual(model.keysAt(one, revision));
            }
            if (revision > model.compacted) {
              const changes = store
                .changesAt(revision)
                .map(({ key: changed, kv }) => `${changed}=${kv?.value.toString()}`);
              const expected = model.history.filter((event) => event.revision === revision);
              expect(changes).toEqual(expected.map((event) => `${event.key}=${event.value}`));
            }
          }
          expect(store.changesAt(model.revision + 1)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('holds no more than its history: nothing of what was deleted before the compaction', () => {
    const store = new Store();
    put(store, 'a', 'long ago');
    put(store, 'b', '1');
    put(store, 'b', '22');
    store.write((txn) => txn.delete(singleKey('a')));
    expect(store.byteSize()).toBe(9 + 2 + 3);
    store.compact(5);
    expect(store.byteSize()).toBe(3);
  });

  test('gives leases the keys back that they had at the revision it is rewound to', () => {
    const store = new Store();
    put(store, 'a', 'v', '7');
    put(store, 'b', 'v', '7');
    put(store, 'a', 'v', '8');
    store.write((txn) => txn.delete(singleKey('b')));
    store.rewind(3);
    expect([store.keysOf('7'), store.keysOf('8')]).toEqual([['a', 'b'], []]);
  });

  test('makes no revision of a write that changes nothing', () => {
    const store = new Store();
    store.write((txn) => txn.delete(everything));
    expect(store.revision).toBe(1);
  });

  test('refuses to read what is compacted or to come, and reads the compacted revision itself', () => {
    const store = new Store();
    put(store, 'a', '1');
    put(store, 'a', '2');
    put(store, 'a', '3');
    store.compact(3);

    expect(() => store.scan(everything, 2)).toThrow('etcdserver: mvcc: required revision has been compacted');
    expect(() => store.scan(everything, 5)).toThrow('etcdserver: mvcc: required revision is a future revision');
    expect(show(store.scan(everything, 3))).toEqual(['a=2 2 3 2']);
  });

  test('does not compact twice at one revision, nor beyond the last', () => {
    const store = new Store();
    store.compact(1);
    expect(() => store.compact(1)).toThrow('has been compacted');
    expect(() => store.compact(2)).toThrow('future revision');
  });

  test('keeps in the log what a compacted revision has put, but not what it has deleted', () => {
    const store = new Store();
    put(store, 'a');
    store.write((txn) => {
      txn.put('b', Buffer.from('1'), noLease);
      txn.delete(singleKey('a'));
      txn.put('c', Buffer.from('1'), noLease);
      txn.delete(singleKey('c'));
    });
    store.compact(3);
    expect(store.changesAt(2)).toEqual([]);
    expect(store.changesAt(3).map(({ key }) => key)).toEqual(['b']);
  });

  test('keeps all of the log when it is compacted to before the first write', () => {
    const store = new Store();
    store.write((txn) => {
      txn.put('a', Buffer.from('1'), noLease);
      txn.delete(singleKey('a'));
    });
    store.compact(1);
    expect(store.changesAt(2).length).toBe(2);
  });

  test('knows which keys a lease holds as they move between leases and go', () => {
    const store = new Store();
    put(store, 'b', 'v', '7');
    put(store, 'a', 'v', '7');
    put(store, 'c', 'v', '7');
    expect(store.keysOf('7')).toEqual(['a', 'b', 'c']);

    put(store, 'a', 'v', '8');
    put(store, 'b', 'v', noLease);
    store.write((txn) => txn.delete(singleKey('c')));
    expect(store.keysOf('7')).toEqual([]);
    expect(store.keysOf('8')).toEqual(['a']);
  });
});
