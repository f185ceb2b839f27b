import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeyRange, singleKey } from '../store/key-range.ts';
import { noLease } from '../store/key-value.ts';
import { Store } from '../store/store.ts';
import { WatchHub } from './watch-hub.ts';
import type { WatchReply } from './watch-reply.ts';
import { WatchStream } from './watch-stream.ts';
import type { WatchOptions } from './watcher.ts';

const everything: KeyRange = { start: '\0', end: undefined };

/** A stream whose client reads when it is told to, and has room for `room` answers. */
function setUp(room = Infinity) {
  const store = new Store();
  const hub = new WatchHub();
  store.onCommit((revision, changes) => hub.publish(revision, changes));
  const waiting: WatchReply[] = [];
  const outlet = {
    get full() {
      return waiting.length >= room;
    },
    send: (reply: WatchReply) => void waiting.push(reply),
  };
  const stream = new WatchStream(store, hub, outlet);
  return {
    store,
    stream,
    put: (key: string, value = '') => store.write((txn) => void txn.put(key, Buffer.from(value), noLease)),
    remove: (key: string) => store.write((txn) => void txn.delete(singleKey(key))),
    /** Takes what was sent, and tells the stream that there is room. */
    read: (): WatchReply[] => {
      const taken = waiting.splice(0);
      stream.resume();
      return taken;
    },
  };
}

function options(fields: Partial<WatchOptions> = {}): WatchOptions {
  const defaults = { startRevision: 0, without: new Set<'Put'>(), prevKv: false, progressNotify: false };
  return { range: everything, fragment: false, ...defaults, ...fields };
}

function show({ revision, watchId, events = [], ...rest }: WatchReply): string {
  const marks = Object.entries(rest).map(([name, value]) => (value === true ? name : `${name}=${String(value)}`));
  const shown = events.map(({ type, kv, prevKv }) => {
    const before = prevKv === undefined ? '' : ` was ${prevKv.value.toString()}`;
    return `${type} ${kv.key?.toString()}@${kv.modRevision}${before}`;
  });
  return [`#${watchId}@${revision}`, ...marks, ...shown].join(' ');
}

describe('a watch stream', () => {
  test('tells of all changes of a revision in one answer', () => {
    const { store, stream, read } = setUp();
    stream.create('0', options());
    store.write((txn) => {
      txn.put('a', Buffer.from(''), noLease);
      txn.put('b', Buffer.from(''), noLease);
    });
    expect(read().map(show)).toEqual(['#0@1 created', '#0@2 Put a@2 Put b@2']);
  });

  test('replays history, at most a thousand revisions in an answer, then goes on live', () => {
    const { stream, put, read } = setUp();
    for (let index = 0; index < 1500; index += 1) put('a');
    stream.create('0', options({ startRevision: 2 }));
    put('a');
    const [created, ...replies] = read();
    expect(show(created!)).toBe('#0@1501 created');
    expect(replies.map(({ events }) => events?.length)).toEqual([1000, 500, 1]);
    expect(replies.map(({ revision }) => revision)).toEqual([1501, 1501, 1502]);
  });

  test('waits for a start revision that is to come', () => {
    const { stream, put, read } = setUp();
    stream.create('0', options({ startRevision: 4 }));
    for (const key of ['a', 'b', 'c', 'd']) put(key);
    expect(read().map(show)).toEqual(['#0@1 created', '#0@4 Put c@4', '#0@5 Put d@5']);
  });

  test('cancels a watch whose start is compacted, after it was created', () => {
    const { store, stream, put, read } = setUp();
    put('a');
    put('a');
    store.compact(3);
    stream.create('0', options({ startRevision: 2 }));
    stream.create('0', options({ startRevision: 3 }));
    expect(read().map(show)).toEqual([
      '#0@3 created',
      '#0@0 canceled compactRevision=3',
      '#1@3 created',
      '#1@3 Put a@3',
    ]);
  });

  test('leaves out the types that are filtered, and answers that would be empty', () => {
    const { stream, put, remove, read } = setUp();
    stream.create('5', options({ without: new Set(['Put']) }));
    stream.create('6', options({ without: new Set(['Delete']) }));
    put('a');
    remove('a');
    expect(read().slice(2).map(show)).toEqual(['#6@2 Put a@2', '#5@3 Delete a@3']);
  });

  test('adds what a key held before, unless it was created, or that is compacted', () => {
    const { store, stream, put, remove, read } = setUp();
    put('a', '1');
    put('a', '2');
    remove('a');
    store.compact(3);
    stream.create('0', options({ prevKv: true, startRevision: 3 }));
    put('a', '3');
    expect(read().slice(1).map(show)).toEqual(['#0@4 Put a@3 Delete a@4 was 2', '#0@5 Put a@5']);
  });

  test('chooses free ids, and refuses one in use and an empty range', () => {
    const { stream, read } = setUp();
    stream.create('1', options());
    stream.create('0', options());
    stream.create('0', options());
    stream.create('1', options());
    stream.create('9', options({ range: { start: 'b', end: 'b' } }));
    expect(read().map(show)).toEqual([
      '#1@1 created',
      '#0@1 created',
      '#2@1 created',
      '#-1@1 created canceled cancelReason=mvcc: duplicate watch ID provided on the WatchStream',
      '#-1@1 created canceled cancelReason=mvcc: watcher range is empty',
    ]);
  });

  test('says no more of a watch that was cancelled, and nothing of one that never was', () => {
    const { stream, put, read } = setUp();
    stream.create('0', options());
    stream.cancel('0');
    stream.cancel('7');
    put('a');
    expect(read().map(show)).toEqual(['#0@1 created', '#0@1 canceled']);
  });

  test('answers a progress request only when every watcher has been told everything', () => {
    const { stream, put, read } = setUp(1);
    put('a');
    put('b');
    stream.create('0', options({ startRevision: 2 }));
    stream.requestProgress();
    expect(read().map(show)).toEqual(['#0@3 created']);
    expect(read().map(show)).toEqual(['#0@3 Put a@2 Put b@3']);
    expect(read().map(show)).toEqual(['#-1@3']);
    expect(read()).toEqual([]);
  });

  test('notifies of progress a watcher that asked for it and has heard nothing since the last time', () => {
    const { stream, put, read } = setUp();
    stream.create('0', options({ progressNotify: true }));
    stream.create('0', options());
    stream.notifyProgress();
    put('a');
    stream.notifyProgress();
    stream.notifyProgress();
    expect(read().slice(2).map(show)).toEqual(['#0@1', '#0@2 Put a@2', '#1@2 Put a@2', '#0@2']);
  });

  test('splits a large revision when asked to, marking all parts but the last', () => {
    const { store, stream, read } = setUp();
    stream.create('0', options({ fragment: true }));
    stream.create('0', options());
    store.write((txn) => {
      for (const key of ['a', 'b', 'c', 'd', 'e']) txn.put(key, Buffer.alloc(900_000), noLease);
    });
    const replies = read().slice(2);
    expect(replies.map(({ watchId, fragment, events }) => [watchId, fragment, events?.length])).toEqual([
      ['0', true, 2],
      ['0', true, 2],
      ['0', false, 1],
      ['1', undefined, 5],
    ]);
  });

  test('cancels a watch that a compaction overtakes while its client does not read', () => {
    const { store, stream, put, read } = setUp(2);
    stream.create('0', options());
    for (const key of ['a', 'b', 'c']) put(key);
    store.compact(4);
    expect(read().map(show)).toEqual(['#0@1 created', '#0@2 Put a@2']);
    expect(read().map(show)).toEqual(['#0@0 canceled compactRevision=4']);
  });

  test('tells each watcher of each change once and in order, however slowly its client reads', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      { weight: 4, arbitrary: key.map((changed) => ({ put: changed })) },
      { weight: 2, arbitrary: key.map((changed) => ({ watch: changed })) },
      { weight: 2, arbitrary: fc.constant({ read: true }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.integer({ min: 1, max: 4 }), (steps, room) => {
        const { store, stream, put, read } = setUp(room);
        const history: { key: string; revision: number }[] = [];
        const watched: { key: string; from: number }[] = [];
        const replies: WatchReply[] = [];
        for (const one of steps) {
          if ('put' in one) {
            put(one.put);
            history.push({ key: one.put, revision: store.revision });
          } else if ('watch' in one) {
            const startRevision = Math.max(2, store.revision - 2);
            watched.push({ key: one.watch, from: startRevision });
            stream.create('0', options({ range: singleKey(one.watch), startRevision }));
          } else {
            replies.push(...read());
          }
        }
        for (let more = read(); more.length > 0; more = read()) replies.push(...more);
        for (const [index, { key: own, from }] of watched.entries()) {
          const seen = replies
            .filter(({ watchId }) => watchId === String(index))
            .flatMap(({ events = [] }) => events.map(({ kv }) => kv.modRevision));
          const expected = history.filter((event) => event.key === own && event.revision >= from);
          expect(seen).toEqual(expected.map(({ revision }) => revision));
        }
      }),
      { numRuns: 300 },
    );
  });
});
