import { expect } from 'vitest';
import { b, type Cases, everything, prefix } from './context.ts';
import { failureOf } from './raw-client.ts';

export const watchCases: Cases = {
  'a watch is created under id 0, at the current revision': async (context) => {
    await context.put('a');
    const { created } = await context.watch();
    expect(created).toBe('#0 @1 created');
  },

  'a watch tells of puts and deletions as they happen': async (context) => {
    const { next } = await context.watch();
    await context.put('a', 'x');
    await context.put('a', 'y');
    await context.delete('a');
    expect([await next(), await next(), await next()]).toEqual([
      '#0 @1 PUT a=x c1 m1 v1',
      '#0 @2 PUT a=y c1 m2 v2',
      '#0 @3 DELETE a m3',
    ]);
  },

  'a watch tells of all changes of a revision in one answer': async (context) => {
    const { next } = await context.watch();
    await context.put('b');
    await context.call('KV/Txn', {
      success: [
        { request_put: { key: b('c') } },
        { request_delete_range: { key: b('b') } },
        { request_put: { key: b('a') } },
      ],
    });
    expect([await next(), await next()]).toEqual([
      '#0 @1 PUT b= c1 m1 v1',
      '#0 @2 PUT c= c2 m2 v1 DELETE b m2 PUT a= c2 m2 v1',
    ]);
  },

  'a watch of one key hears of no other': async (context) => {
    const { next } = await context.watch({ key: b('b') });
    for (const key of ['a', 'b\0', 'bb', 'b']) await context.put(key);
    expect(await next()).toBe('#0 @4 PUT b= c4 m4 v1');
  },

  'a watch of a prefix hears of the keys that begin so': async (context) => {
    const { next } = await context.watch(prefix('s/'));
    for (const key of ['s', 's.', 's/1', 's0', 't', 's/']) await context.put(key);
    expect([await next(), await next()]).toEqual(['#0 @3 PUT s/1= c3 m3 v1', '#0 @6 PUT s/= c6 m6 v1']);
  },

  'a watch from a key on hears of all above': async (context) => {
    const { next } = await context.watch({ key: b('b'), range_end: b('\0') });
    for (const key of ['a', 'b', '\xff']) await context.put(key);
    expect([await next(), await next()]).toEqual(['#0 @2 PUT b= c2 m2 v1', '#0 @3 PUT \xff= c3 m3 v1']);
  },

  'a watch of a range hears of no key at its end': async (context) => {
    const { next } = await context.watch({ key: b('b'), range_end: b('d') });
    for (const key of ['d', 'a', 'c']) await context.put(key);
    expect(await next()).toBe('#0 @3 PUT c= c3 m3 v1');
  },

  'a watch with an empty range end is one of a single key': async (context) => {
    const { next } = await context.watch({ key: b('b'), range_end: b('') });
    await context.put('c');
    await context.put('b');
    expect(await next()).toBe('#0 @2 PUT b= c2 m2 v1');
  },

  'a watch without a key is one of the smallest key': async (context) => {
    const { next } = await context.watch({ key: b('') });
    await context.put('a');
    await context.put('\0');
    expect(await next()).toBe('#0 @2 PUT \0= c2 m2 v1');
  },

  'a watch without a key, from there on, is one of all keys': async (context) => {
    const { next } = await context.watch({ key: b(''), range_end: b('\0') });
    await context.put('\xff');
    expect(await next()).toBe('#0 @1 PUT \xff= c1 m1 v1');
  },

  'a watch that starts in the past is told all since in one answer, then goes on': async (context) => {
    await context.put('a', '1');
    await context.put('b', '1');
    await context.put('a', '2');
    await context.delete('b');
    const { created, next } = await context.watch({ ...everything, start_revision: context.revision(2) });
    expect(created).toBe('#0 @4 created');
    expect(await next()).toBe('#0 @4 PUT b=1 c2 m2 v1 PUT a=2 c1 m3 v2 DELETE b m4');
    await context.put('c');
    expect(await next()).toBe('#0 @5 PUT c= c5 m5 v1');
  },

  'a watch that starts at the last revision is told it again': async (context) => {
    await context.put('a');
    const { next } = await context.watch({ ...everything, start_revision: context.revision(1) });
    expect(await next()).toBe('#0 @1 PUT a= c1 m1 v1');
  },

  'a watch that starts in the past is not told of other keys': async (context) => {
    await context.put('a');
    await context.put('b');
    const { next } = await context.watch({ key: b('b'), start_revision: context.revision(1) });
    expect(await next()).toBe('#0 @2 PUT b= c2 m2 v1');
  },

  'a watch that starts in the future waits for it': async (context) => {
    const { created, next } = await context.watch({ ...everything, start_revision: context.revision(3) });
    expect(created).toBe('#0 @0 created');
    for (const key of ['a', 'b', 'c', 'd']) await context.put(key);
    expect([await next(), await next()]).toEqual(['#0 @3 PUT c= c3 m3 v1', '#0 @4 PUT d= c4 m4 v1']);
  },

  'a watch of long ago is told at most a thousand revisions in an answer': async (context) => {
    for (let revision = 0; revision < 1100; revision += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => context.put(`k${revision + index}`)));
    }
    const { stream } = await context.watch({ ...everything, start_revision: context.revision(1) });
    const first = await stream.next();
    const second = await stream.next();
    expect([first.events.length, second.events.length]).toEqual([1000, 100]);
    const revisions = [...first.events, ...second.events].map(({ kv }) => context.at(kv.mod_revision));
    expect(revisions).toEqual(Array.from({ length: 1100 }, (_, index) => index + 1));
  },

  'a watch that starts before the compaction is created, then cancelled with the revision to go on from': async (
    context,
  ) => {
    for (const value of ['1', '2', '3']) await context.put('a', value);
    await context.call('KV/Compact', { revision: context.revision(2) });
    const { created, next } = await context.watch({ ...everything, start_revision: context.revision(1) });
    expect([created, await next()]).toEqual(['#0 @3 created', '#0 @zero canceled compacted 2']);
  },

  'a watch that starts at the compacted revision sees its puts, but not its deletions': async (context) => {
    await context.put('a', '1');
    await context.call('KV/Txn', {
      success: [
        { request_put: { key: b('b') } },
        { request_delete_range: { key: b('a') } },
        { request_txn: { success: [{ request_put: { key: b('c') } }] } },
        { request_txn: { success: [{ request_delete_range: { key: b('c') } }] } },
      ],
    });
    await context.call('KV/Compact', { revision: context.revision(2), physical: true });
    const { next } = await context.watch({ ...everything, start_revision: context.revision(2) });
    expect(await next()).toBe('#0 @2 PUT b= c2 m2 v1');
    await context.put('c');
    expect(await next()).toBe('#0 @3 PUT c= c3 m3 v1');
  },

  'a watch that is up to date goes on after a compaction': async (context) => {
    const { next } = await context.watch();
    await context.put('a');
    await context.call('KV/Compact', { revision: context.revision(1) });
    await context.put('b');
    expect([await next(), await next()]).toEqual(['#0 @1 PUT a= c1 m1 v1', '#0 @2 PUT b= c2 m2 v1']);
  },

  'a watch that waits for the future is not cancelled by a compaction': async (context) => {
    const { next } = await context.watch({ ...everything, start_revision: context.revision(3) });
    await context.put('a');
    await context.put('b');
    await context.call('KV/Compact', { revision: context.revision(2) });
    await context.put('c');
    expect(await next()).toBe('#0 @3 PUT c= c3 m3 v1');
  },

  'a watch without puts hears of deletions only': async (context) => {
    const { next } = await context.watch({ ...everything, filters: ['Noput'] });
    await context.put('a');
    await context.delete('a');
    expect(await next()).toBe('#0 @2 DELETE a m2');
  },

  'a watch without deletions hears of puts only': async (context) => {
    const { next } = await context.watch({ ...everything, filters: ['Nodelete'] });
    await context.put('a');
    await context.delete('a');
    await context.put('b');
    expect([await next(), await next()]).toEqual(['#0 @1 PUT a= c1 m1 v1', '#0 @3 PUT b= c3 m3 v1']);
  },

  'a watch without deletions gets the rest of a revision': async (context) => {
    await context.put('a');
    const { next } = await context.watch({ ...everything, filters: ['Nodelete'] });
    await context.call('KV/Txn', {
      success: [{ request_delete_range: { key: b('a') } }, { request_put: { key: b('b') } }],
    });
    expect(await next()).toBe('#0 @2 PUT b= c2 m2 v1');
  },

  'a watch in the past leaves out what it filters': async (context) => {
    await context.put('a');
    await context.delete('a');
    await context.put('b');
    const { next } = await context.watch({ ...everything, filters: ['Noput'], start_revision: context.revision(1) });
    expect(await next()).toBe('#0 @3 DELETE a m2');
  },

  'a watch tells what was there before when asked': async (context) => {
    const { next } = await context.watch({ ...everything, prev_kv: true });
    await context.put('a', '1');
    await context.put('a', '2');
    await context.delete('a');
    await context.put('a', '3');
    expect([await next(), await next(), await next(), await next()]).toEqual([
      '#0 @1 PUT a=1 c1 m1 v1',
      '#0 @2 PUT a=2 c1 m2 v2 was (a=1 c1 m1 v1)',
      '#0 @3 DELETE a m3 was (a=2 c1 m2 v2)',
      '#0 @4 PUT a=3 c4 m4 v1',
    ]);
  },

  'a watch in the past tells what was there before, unless that is compacted': async (context) => {
    await context.put('a', '1');
    await context.put('a', '2');
    await context.put('a', '3');
    await context.call('KV/Compact', { revision: context.revision(2) });
    const { next } = await context.watch({ ...everything, prev_kv: true, start_revision: context.revision(2) });
    expect(await next()).toBe('#0 @3 PUT a=2 c1 m2 v2 PUT a=3 c1 m3 v3 was (a=2 c1 m2 v2)');
  },

  'a watch tells the lease of a key, and of its end as a deletion': async (context) => {
    const { next } = await context.watch({ ...everything, prev_kv: true });
    await context.grant(60, 7);
    await context.put('a', 'x', { lease: 7 });
    await context.put('b', 'y', { lease: 7 });
    await context.call('Lease/LeaseRevoke', { ID: 7 });
    expect([await next(), await next(), await next()]).toEqual([
      '#0 @1 PUT a=x c1 m1 v1 lease 7',
      '#0 @2 PUT b=y c2 m2 v1 lease 7',
      '#0 @3 DELETE a m3 was (a=x c1 m1 v1 lease 7) DELETE b m3 was (b=y c2 m2 v1 lease 7)',
    ]);
  },

  'a stream carries many watches, each with the id it asked for or a free one': async (context) => {
    const stream = context.stream('Watch/Watch');
    const ids: string[] = [];
    for (const watch_id of [1, 0, 0, 40, 0]) {
      stream.write({ create_request: { key: b('a'), watch_id } });
      ids.push(context.show(await stream.next()));
    }
    expect(ids).toEqual(['#1 @0 created', '#0 @0 created', '#2 @0 created', '#40 @0 created', '#3 @0 created']);
    await context.put('a');
    const told: string[] = [];
    for (let index = 0; index < 5; index += 1) told.push((await stream.next()).watch_id);
    expect(told.toSorted()).toEqual(['0', '1', '2', '3', '40']);
  },

  'a stream takes a negative id': async (context) => {
    const { created } = await context.watch({ key: b('a'), watch_id: -4 });
    expect(created).toBe('#-4 @0 created');
  },

  'a watch id that is in use is refused, and the other watch goes on': async (context) => {
    const { stream, next } = await context.watch({ key: b('a'), watch_id: 5 });
    stream.write({ create_request: { key: b('b'), watch_id: 5 } });
    expect(await next()).toBe('#-1 @0 created canceled because "mvcc: duplicate watch ID provided on the WatchStream"');
    await context.put('b');
    await context.put('a');
    expect(await next()).toBe('#5 @2 PUT a= c2 m2 v1');
  },

  'a watch of no keys is refused': async (context) => {
    const refused = '#-1 @0 created canceled because "mvcc: watcher range is empty"';
    expect((await context.watch({ key: b('b'), range_end: b('a'), watch_id: 3 })).created).toBe(refused);
    expect((await context.watch({ key: b('b'), range_end: b('b') })).created).toBe(refused);
  },

  'a watch that is cancelled says so, and no more': async (context) => {
    const { stream, next } = await context.watch({ key: b('a') });
    stream.write({ create_request: { key: b('a') } });
    await next();
    await context.put('a');
    await next();
    await next();
    stream.write({ cancel_request: { watch_id: 0 } });
    expect(await next()).toBe('#0 @1 canceled');
    await context.put('a');
    expect(await next()).toBe('#1 @2 PUT a= c1 m2 v2');
  },

  'cancelling a watch that is not there is not answered': async (context) => {
    const { stream, next } = await context.watch({ key: b('a') });
    stream.write({ cancel_request: { watch_id: 9 } });
    await context.put('a');
    expect(await next()).toBe('#0 @1 PUT a= c1 m1 v1');
  },

  'the id of a cancelled watch can be used again': async (context) => {
    const { stream, next } = await context.watch({ key: b('a'), watch_id: 5 });
    stream.write({ cancel_request: { watch_id: 5 } });
    await next();
    stream.write({ create_request: { key: b('a'), watch_id: 5 } });
    expect(await next()).toBe('#5 @0 created');
  },

  'ids that were given out are not given out again': async (context) => {
    const { stream, next } = await context.watch({ key: b('a') });
    stream.write({ cancel_request: { watch_id: 0 } });
    await next();
    stream.write({ create_request: { key: b('a') } });
    expect(await next()).toBe('#1 @0 created');
  },

  'a request for progress is answered with the revision, by no watch': async (context) => {
    const { stream, next } = await context.watch({ key: b('a') });
    await context.put('b');
    await context.put('b');
    stream.write({ progress_request: {} });
    expect(await next()).toBe('#-1 @2');
  },

  'a request that is none is not answered': async (context) => {
    const { stream, next } = await context.watch({ key: b('a') });
    stream.write({});
    await context.put('a');
    expect(await next()).toBe('#0 @1 PUT a= c1 m1 v1');
  },

  'a client that has ended its side goes on hearing of changes': async (context) => {
    const { stream, next } = await context.watch({ key: b('a') });
    stream.end();
    await context.put('a');
    expect(await next()).toBe('#0 @1 PUT a= c1 m1 v1');
  },

  'an answer of more than 2 MiB is split when asked to': async (context) => {
    const value = Buffer.alloc(600_000);
    for (const key of ['a', 'b', 'c', 'd', 'e']) await context.call('KV/Put', { key: b(key), value });
    const { stream } = await context.watch({ ...everything, fragment: true, start_revision: context.revision(1) });
    const first = await stream.next();
    const second = await stream.next();
    expect([first.fragment, first.events.length]).toEqual([true, 3]);
    expect([second.fragment, second.events.length]).toEqual([false, 2]);
    expect([first, second].map(({ header }) => context.at(header.revision))).toEqual([5, 5]);
  },

  'an answer of more than 2 MiB is whole when not': async (context) => {
    const value = Buffer.alloc(600_000);
    for (const key of ['a', 'b', 'c', 'd', 'e']) await context.call('KV/Put', { key: b(key), value });
    const { stream } = await context.watch({ ...everything, start_revision: context.revision(1) });
    const { fragment, events } = await stream.next();
    expect([fragment, events.length]).toEqual([false, 5]);
  },

  'a single event of more than fits is not split': async (context) => {
    const { stream } = await context.watch({ ...everything, fragment: true, prev_kv: true });
    const value = Buffer.alloc(1_200_000);
    await context.call('KV/Put', { key: b('a'), value });
    await context.call('KV/Put', { key: b('a'), value });
    await stream.next();
    const { fragment, events } = await stream.next();
    expect([fragment, events.length]).toEqual([false, 1]);
  },

  'a watch takes hasleader': async (context) => {
    const stream = context.stream('Watch/Watch', context.client({ hasleader: 'true' }));
    stream.write({ create_request: { key: b('a') } });
    expect((await stream.next()).created).toBe(true);
  },

  'many watches of one key are all told': async (context) => {
    const stream = context.stream('Watch/Watch');
    for (let index = 0; index < 300; index += 1) stream.write({ create_request: { key: b('a') } });
    for (let index = 0; index < 300; index += 1) await stream.next();
    await context.put('a', 'x');
    const told = new Set<string>();
    while (told.size < 300) {
      const answer = await stream.next();
      expect(context.show({ ...answer, watch_id: '0' })).toBe('#0 @1 PUT a=x c1 m1 v1');
      told.add(answer.watch_id);
    }
  },

  'a deletion and a put of one key at one revision are both told': async (context) => {
    await context.put('a', '1');
    const { next } = await context.watch({ ...everything, prev_kv: true });
    await context.call('KV/Txn', {
      success: [
        { request_delete_range: { key: b('a'), range_end: b('\0') } },
        { request_put: { key: b('a'), value: b('2') } },
      ],
    });
    expect(await next()).toBe('#0 @2 DELETE a m2 was (a=1 c1 m1 v1) PUT a=2 c2 m2 v1');
  },

  'a stream that the client cancels ends with CANCELLED': async (context) => {
    const { stream } = await context.watch();
    stream.cancel();
    expect(await failureOf(stream.next())).toMatch(/^CANCELLED/);
  },
};
