import type { Endpoint } from '@lb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { InvalidValueError } from './errors.ts';
import { type Entry, View, type ViewEvent } from './view.ts';

/** A value is an origin, or `bad`. */
function read(key: string, value: Buffer): Endpoint {
  const origin = value.toString();
  if (origin === 'bad') throw new InvalidValueError('it is bad');
  return { id: key, origin, state: 'serving', metadata: {} };
}

function view(maxEndpoints = 100): { subject: View; skipped: string[] } {
  const skipped: string[] = [];
  return { subject: new View({ read, onInvalid: (key) => skipped.push(key), maxEndpoints }), skipped };
}

function entry(key: string, value: string, modRevision: number, createRevision = modRevision): Entry {
  return { key, value: Buffer.from(value), modRevision, createRevision };
}

const put = (...args: Parameters<typeof entry>): ViewEvent => ({ kind: 'put', entry: entry(...args) });
const origins = (subject: View): string[] => subject.snapshot().endpoints.map(({ id, origin }) => `${id}=${origin}`);

describe('a view', () => {
  it('equals a list of the store at its revision, after any lists and events', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, origin: fc.constantFrom('1', '2', '3', '4', '5', '6') }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.constant({ kind: 'list' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { subject } = view();
        const store = new Map<string, Entry>();
        for (const [index, one] of steps.entries()) {
          const revision = index + 1;
          if (one.kind === 'list') subject.list([...store.values()], revision);
          else if (one.kind === 'delete') {
            store.delete(one.key);
            subject.apply([{ kind: 'delete', key: one.key }], revision);
          } else {
            const written = entry(one.key, one.origin, revision, store.get(one.key)?.createRevision);
            store.set(one.key, written);
            subject.apply([{ kind: 'put', entry: written }], revision);
          }
          expect(subject.snapshot().revision).toBe(revision);
          expect(subject.fingerprint).toEqual({
            count: store.size,
            newest: Math.max(0, ...[...store.values()].map(({ modRevision }) => modRevision)),
          });
          expect(new Set(origins(subject))).toEqual(newestByOrigin(store));
        }
      }),
    );
  });

  it('keeps the object of an endpoint whose value did not change', () => {
    const { subject } = view();
    subject.list([entry('a', '1', 1), entry('b', '2', 2)], 2);
    const [a] = subject.snapshot().endpoints;
    subject.list([entry('b', '3', 5), entry('a', '1', 4)], 5);
    expect(subject.snapshot().endpoints).toContain(a);
  });

  it('gives the same snapshot until something changes', () => {
    const { subject } = view();
    subject.list([entry('a', '1', 1)], 1);
    expect(subject.snapshot()).toBe(subject.snapshot());
  });

  it('keeps the last good value of a key that turned bad, and skips one that never was good', () => {
    const { subject, skipped } = view();
    subject.list([entry('a', '1', 1), entry('b', 'bad', 2)], 2);
    subject.apply([put('a', 'bad', 3, 1)], 3);
    expect([origins(subject), skipped]).toEqual([['a=1'], ['b', 'a']]);
    subject.apply([put('b', '2', 4, 2)], 4);
    expect(origins(subject)).toEqual(['a=1', 'b=2']);
  });

  it('lets the newest registration speak for an address', () => {
    const { subject } = view();
    subject.list([entry('old', '1', 9, 2), entry('new', '1', 3, 3)], 9);
    expect(origins(subject)).toEqual(['new=1']);
    subject.apply([{ kind: 'delete', key: 'new' }], 10);
    expect(origins(subject)).toEqual(['old=1']);
  });

  it('takes no more endpoints than it may hold', () => {
    const { subject, skipped } = view(2);
    subject.list([entry('a', '1', 1), entry('b', '2', 2), entry('c', '3', 3)], 3);
    expect([origins(subject), skipped]).toEqual([['a=1', 'b=2'], ['c']]);
  });

  it('is not fooled by a store that counts its revisions out anew', () => {
    const { subject } = view();
    subject.list([entry('a', '1', 2)], 2);
    subject.list([entry('a', '9', 2)], 2);
    expect(origins(subject)).toEqual(['a=9']);
  });
});

/** The slow way: of all keys with one origin, the one created last. */
function newestByOrigin(store: ReadonlyMap<string, Entry>): Set<string> {
  const all = [...store.values()];
  const wins = (one: Entry): boolean =>
    all.every((other) => !other.value.equals(one.value) || other.createRevision <= one.createRevision);
  return new Set(all.filter(wins).map(({ key, value }) => `${key}=${value.toString()}`));
}
