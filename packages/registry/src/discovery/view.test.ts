import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { InvalidValueError } from '../errors.ts';
import { type KeyValue, View, type ViewEvent, type ViewOptions } from './view.ts';

const prefix = 'lb/hash/';

/** A value is a text, which is bad when it begins with "bad". */
function read(name: string, value: Buffer): { readonly name: string; readonly text: string } {
  const text = value.toString();
  if (text.startsWith('bad')) throw new InvalidValueError('it is bad');
  return { name, text };
}
type Value = ReturnType<typeof read>;

/** A view, with what it has told so far. */
function setUp(bounds: Partial<Pick<ViewOptions<Value>, 'maxEntries' | 'maxBytes'>> = {}) {
  const now = new Map<string, Value>();
  const changes: (string | undefined)[] = [];
  const skipped: string[] = [];
  const view = new View<Value>({
    prefix,
    read,
    onChange: (key, value) => {
      changes.push(value?.text);
      if (value === undefined) now.delete(key);
      else now.set(key, value);
    },
    onInvalid: (key, error) => skipped.push(`${key.slice(prefix.length)}: ${error.why}`),
    maxEntries: 100,
    maxBytes: 1000,
    ...bounds,
  });
  const list = (kvs: readonly KeyValue[], revision: number): number => {
    const listing = view.startList();
    for (const kv of kvs) listing.add(kv);
    return listing.finish(BigInt(revision), kvs.length).repaired;
  };
  const apply = (revision: number, ...events: ViewEvent[]): void => view.apply(events, BigInt(revision));
  const texts = (): string[] => Array.from(now.values(), ({ name, text }) => `${name}=${text}`).toSorted();
  return { view, list, apply, texts, changes, skipped, now };
}

function entry(
  name: string,
  text: string,
  modified: number,
  created = modified,
  version = modified - created + 1,
): KeyValue {
  return {
    key: Buffer.from(prefix + name),
    value: Buffer.from(text),
    create_revision: String(created),
    mod_revision: String(modified),
    version: String(version),
  };
}
const put = (...args: Parameters<typeof entry>): ViewEvent => ({ kind: 'put', kv: entry(...args) });
const del = (name: string): ViewEvent => ({ kind: 'delete', key: Buffer.from(prefix + name) });

describe('a view', () => {
  it('equals the store at its revision, bad values and bounds aside, after any lists and events', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('put' as const), name, text: fc.constantFrom('1', '2', 'bad') }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'list' as const }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (steps, maxEntries) => {
        const { view, list, apply, now } = setUp({ maxEntries });
        const store = new Map<string, KeyValue>();
        /** What a reader without bounds would use: the last good value since the key was there. */
        const good = new Map<string, string>();
        for (const [index, one] of steps.entries()) {
          const revision = index + 1;
          if (one.kind === 'list') list([...store.values()], revision);
          else if (one.kind === 'delete') {
            if (!store.delete(one.name)) continue;
            good.delete(one.name);
            apply(revision, del(one.name));
          } else {
            const before = store.get(one.name);
            const created = Number(before?.create_revision ?? revision);
            const written = entry(one.name, one.text, revision, created, Number(before?.version ?? 0) + 1);
            store.set(one.name, written);
            if (one.text !== 'bad') good.set(one.name, one.text);
            apply(revision, { kind: 'put', kv: written });
          }
          expect(view.revision).toBe(BigInt(revision));
          const { count, newest } = view.fingerprint;
          expect(count).toBe(store.size);
          const newestThere = Math.max(0, ...Array.from(store.values(), ({ mod_revision }) => Number(mod_revision)));
          if (newest !== undefined) expect(Number(newest)).toBe(newestThere);
          expect(now.size).toBeLessThanOrEqual(maxEntries);
          // What is used was good once, and all of it is where there is room for every key.
          for (const { name: used, text } of now.values()) expect(good.get(used)).toBe(text);
          if (maxEntries >= 5) expect(now.size).toBe(good.size);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the object of a value that did not change', () => {
    const { list, now, changes } = setUp();
    list([entry('a', '1', 1), entry('b', '2', 2)], 2);
    const before = now.get(`${prefix}a`);
    list([entry('b', '3', 5, 2), entry('a', '1', 4, 1)], 5);
    expect(now.get(`${prefix}a`)).toBe(before);
    expect(changes).toEqual(['1', '2', '3']);
  });

  it('changes nothing while a list is not finished', () => {
    const { view, list, texts } = setUp();
    list([entry('a', '1', 1), entry('b', '2', 2)], 2);
    view.startList().add(entry('c', '3', 3));
    expect([texts(), view.revision]).toEqual([['a=1', 'b=2'], 2n]);
  });

  it('keeps the last good value of a key that turned bad, and skips one that never was good', () => {
    const { list, apply, texts, skipped } = setUp();
    list([entry('a', '1', 1), entry('b', 'bad', 2)], 2);
    apply(3, put('a', 'bad', 3, 1));
    expect([texts(), skipped]).toEqual([['a=1'], ['b: it is bad', 'a: it is bad']]);
    apply(4, put('b', '2', 4, 2));
    expect(texts()).toEqual(['a=1', 'b=2']);
  });

  it('keeps no value of a key that was deleted in between', () => {
    const { list, texts } = setUp();
    list([entry('a', '1', 1)], 1);
    list([entry('a', 'bad', 5)], 5);
    expect(texts()).toEqual([]);
  });

  it('reports a bad value once, however often it is listed', () => {
    const { list, skipped } = setUp();
    list([entry('a', '1', 1), entry('b', 'bad', 2)], 2);
    list([entry('a', 'bad', 3, 1), entry('b', 'bad', 2)], 3);
    list([entry('a', 'bad', 3, 1), entry('b', 'bad', 2)], 3);
    expect(skipped).toEqual(['b: it is bad', 'a: it is bad']);
    list([entry('b', 'bad again', 4, 2)], 4);
    expect(skipped).toHaveLength(3);
  });

  it('is not fooled by a store that counts its revisions out anew', () => {
    const { list, texts } = setUp();
    list([entry('a', '1', 2), entry('b', 'bad', 3)], 3);
    list([entry('a', '9', 2), entry('b', '8', 3)], 3);
    expect(texts()).toEqual(['a=9', 'b=8']);
  });

  it('tells revisions apart beyond what a number can', () => {
    const { view, apply } = setUp();
    const revision = 2n ** 53n + 1n;
    view.apply([{ kind: 'put', kv: { ...entry('a', '1', 1), mod_revision: String(revision) } }], revision);
    expect([view.revision, view.fingerprint.newest]).toEqual([revision, revision]);
    apply(1);
  });

  it('keeps keys apart that are not UTF-8, and uses none of them', () => {
    const { view, list, skipped } = setUp();
    const raw = (byte: number): KeyValue => ({
      ...entry('', '1', 1),
      key: Buffer.from([...Buffer.from(prefix), byte]),
    });
    list([raw(0xfe), raw(0xff)], 1);
    expect(view.fingerprint.count).toBe(2);
    expect(skipped).toEqual(['\u00FE: its key is not UTF-8', '\u00FF: its key is not UTF-8']);
  });
});

describe('bounds of a view', () => {
  it('leave what has a place there, whatever else is listed before it', () => {
    const { list, texts, skipped } = setUp({ maxEntries: 2 });
    list([entry('x', '1', 1), entry('y', '2', 2)], 2);
    list([entry('a', '3', 3), entry('b', '4', 4), entry('x', '5', 5, 1), entry('y', '2', 2)], 5);
    expect([texts(), skipped]).toEqual([
      ['x=5', 'y=2'],
      ['a: there are 2 keys in use already', 'b: there are 2 keys in use already'],
    ]);
  });

  it('count bytes of values, too', () => {
    const { list, apply, texts } = setUp({ maxBytes: 5 });
    list([entry('a', '123', 1), entry('b', '456', 2)], 2);
    expect(texts()).toEqual(['a=123']);
    apply(3, put('a', '1', 3, 1));
    apply(4, put('b', '4567', 4, 2));
    expect(texts()).toEqual(['a=1', 'b=4567']);
  });

  it('let no number of bad values take the place of a good one', () => {
    const { list, texts, view } = setUp({ maxEntries: 2 });
    const bad = Array.from({ length: 50 }, (_, index) => entry(`a${index}`, 'bad', index + 1));
    list([...bad, entry('x', '1', 98), entry('y', '2', 99)], 99);
    expect(texts()).toEqual(['x=1', 'y=2']);
    expect([view.size, view.unused, view.fingerprint.count]).toEqual([2, 50, 52]);
  });

  it('keep count of keys of which nothing is known', () => {
    const { view, list, apply, skipped } = setUp({ maxEntries: 2 });
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => entry(name, 'bad', index + 1));
    list(all, 6);
    expect([view.fingerprint, skipped.length]).toEqual([{ count: 6, newest: undefined }, 2]);
    apply(7, put('f', '1', 7, 6, 2), del('e'), put('g', 'bad', 7));
    expect([view.fingerprint.count, view.size]).toEqual([6, 1]);
    apply(8, del('c'), del('d'), del('g'));
    expect(view.fingerprint).toEqual({ count: 3, newest: 7n });
  });
});

describe('a list', () => {
  it('counts what the view should have known and did not, but not what is on its way', () => {
    const { list } = setUp();
    list([entry('a', '1', 1), entry('b', '1', 2), entry('gone', '1', 3)], 5);
    const lost = [entry('a', '2', 4, 1), entry('late', '1', 5)];
    expect(list([...lost, entry('b', '1', 2), entry('new', '1', 6)], 6)).toBe(2);
  });

  it('counts keys that are gone only when nothing has happened since', () => {
    const { list } = setUp();
    list([entry('a', '1', 1), entry('b', '1', 2)], 5);
    expect(list([entry('a', '1', 1)], 6)).toBe(0);
    expect(list([], 6)).toBe(1);
  });

  it('counts nothing when the store has gone back', () => {
    const { list } = setUp();
    list([entry('a', '1', 7)], 9);
    expect(list([entry('a', '2', 2), entry('b', '1', 3)], 3)).toBe(0);
  });
});
