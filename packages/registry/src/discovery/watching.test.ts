import { ManualClock } from '@lb/testkit';
import type { IKeyValue, IRangeResponse, IWatchRequest, IWatchResponse } from 'etcd3';
import { describe, expect, it } from 'vitest';

import { ClosedError, EtcdError } from '../errors.ts';
import type { Stream, StreamHandlers } from '../etcd/connection.ts';
import type { EpochEnd } from './epoch-end.ts';
import { timings } from './follower.ts';
import { View } from './view.ts';
import { type WatchedConnection, Watching } from './watching.ts';

const header = { cluster_id: '1', member_id: '1', raft_term: '2', revision: '10' };

function keyValue(name: string, revision: number): IKeyValue {
  return {
    key: Buffer.from(`lb/hash/${name}`),
    value: Buffer.from('1'),
    create_revision: String(revision),
    mod_revision: String(revision),
    version: '1',
    lease: '0',
  };
}

/** A watch on a stream that a test answers, over a view of `a` at revision 10. */
function setUp(random: () => number = () => 0.5) {
  const clock = new ManualClock();
  const seen: string[] = [];
  const view = new View<string>({
    prefix: 'lb/hash/',
    read: (_name, value) => value.toString(),
    onChange: (key, value) => seen.push(`${key.slice('lb/hash/'.length)}=${value}`),
    onInvalid: () => {},
    maxEntries: 10,
    maxBytes: 1000,
  });
  const list = view.startList();
  list.add(keyValue('a', 10));
  list.finish(10n, 1);
  seen.length = 0;

  const sent: IWatchRequest[] = [];
  let handlers: StreamHandlers<IWatchResponse> | undefined;
  let cancelled = false;
  const stream: Stream<IWatchRequest> = { write: (request) => sent.push(request), cancel: () => (cancelled = true) };
  /** What etcd holds by its own account. */
  const store = { count: 1, newest: 10, revision: 10, away: false };
  const connection: WatchedConnection = {
    host: '127.0.0.1:2379',
    watch: async (given) => ((handlers = given), stream),
    call: async (_name, run) => {
      if (store.away) throw new EtcdError('ERR_ETCD_TIMEOUT', 'range', '127.0.0.1:2379', {});
      const answer: IRangeResponse = {
        header: { ...header, revision: String(store.revision) },
        kvs: store.count === 0 ? [] : [keyValue('a', store.newest)],
        more: false,
        count: String(store.count),
      };
      return run(Object({ kv: { range: async () => answer } }), { interceptors: [] });
    },
  };
  const closing = new AbortController();
  let end: EpochEnd | undefined;
  const watching = new Watching(
    {
      prefix: 'lb/hash/',
      view,
      clock,
      random,
      timings,
      signal: closing.signal,
      onWatching: () => seen.push('watching'),
      onEvents: (count) => seen.push(`${count} events`),
      onHeard: () => {},
    },
    connection,
    header,
  );
  void watching.run().then((how) => (end = how));
  return {
    clock,
    seen,
    sent,
    store,
    closing,
    get end(): EpochEnd | undefined {
      return end;
    },
    get cancelled(): boolean {
      return cancelled;
    },
    say: (response: Partial<IWatchResponse>): void =>
      handlers?.onMessage({
        header,
        watch_id: '0',
        created: false,
        canceled: false,
        compact_revision: '0',
        cancel_reason: '',
        fragment: false,
        events: [],
        ...response,
      }),
    fail: (error: Error): void => handlers?.onEnd(error),
    /** Lets time pass with an etcd that answers every probe. */
    live: async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 500) {
        const asked = sent.length;
        await clock.run(500);
        if (sent.length > asked)
          handlers?.onMessage({ ...silence, header: { ...header, revision: String(store.revision) } });
      }
    },
  };
}

const silence: IWatchResponse = {
  header,
  watch_id: '-1',
  created: false,
  canceled: false,
  compact_revision: '0',
  cancel_reason: '',
  fragment: false,
  events: [],
};

const put = (name: string, revision: number): IWatchResponse['events'][number] => ({
  type: 'Put',
  kv: keyValue(name, revision),
  prev_kv: keyValue(name, revision),
});

describe('a watch', () => {
  it('begins after the revision that was listed', async () => {
    const epoch = setUp();
    await epoch.clock.run(0);
    expect(epoch.sent).toMatchObject([
      { create_request: { start_revision: '11', fragment: true, progress_notify: true } },
    ]);
    epoch.say({ created: true });
    expect(epoch.seen).toEqual(['watching']);
  });

  it('counts the parts of a revision once all of them are here', async () => {
    const epoch = setUp();
    await epoch.clock.run(0);
    epoch.say({ fragment: true, events: [put('b', 11)] });
    expect(epoch.seen).toEqual([]);
    epoch.say({ events: [put('c', 11)] });
    expect(epoch.seen).toEqual(['b=1', 'c=1', '2 events']);
  });

  it.each<[EpochEnd['reason'], Partial<IWatchResponse>]>([
    ['compacted', { canceled: true, compact_revision: '12' }],
    ['denied', { created: true, canceled: true, cancel_reason: 'etcdserver: permission denied' }],
    ['disconnected', { canceled: true, cancel_reason: 'etcdserver: no leader' }],
    ['rewound', { header: { ...header, revision: '9' } }],
    ['rewound', { header: { ...header, raft_term: '1' } }],
    ['rewound', { header: { ...header, cluster_id: '7' } }],
  ])('ends as %s when etcd says so', async (reason, response) => {
    const epoch = setUp();
    await epoch.clock.run(0);
    epoch.say(response);
    await epoch.clock.run(0);
    expect(epoch.end?.reason).toBe(reason);
    expect(epoch.cancelled).toBe(true);
    expect(epoch.clock.pending).toBe(0);
  });

  it('ends when its stream does, and when it is closed', async () => {
    const [one, other] = [setUp(), setUp()];
    await one.clock.run(0);
    one.fail(new EtcdError('ERR_ETCD_UNAVAILABLE', 'watch', '127.0.0.1:2379', {}));
    other.closing.abort(new ClosedError('It'));
    await one.clock.run(0);
    await other.clock.run(0);
    expect([one.end?.reason, other.end?.reason]).toEqual(['disconnected', 'closed']);
  });

  it('ends 5 s after its last sign of life, and not while there are any', async () => {
    const epoch = setUp();
    await epoch.clock.run(0);
    await epoch.live(20_000);
    expect(epoch.end).toBeUndefined();
    await epoch.clock.run(5500);
    expect(epoch.end).toEqual({ reason: 'silent' });
  });

  it('ends within 5 s of the last sign of life, wherever chance puts the next probe', async () => {
    for (const random of [0, 0.5, 0.999_999]) {
      const epoch = setUp(() => random);
      await epoch.clock.run(0);
      epoch.say({ created: true });
      await epoch.clock.run(4900);
      expect(epoch.end).toEqual({ reason: 'silent' });
    }
  });

  it('gives an answer that lay in the socket while the process stood still time to be read', async () => {
    const epoch = setUp();
    await epoch.clock.run(3000);
    expect(epoch.sent).toHaveLength(2);
    // Both timers are due at once: the process woke up after 10 s.
    epoch.clock.advance(10_000);
    await epoch.clock.run(0);
    epoch.say({});
    await epoch.clock.run(1000);
    expect(epoch.end).toBeUndefined();
  });

  it('ends when etcd holds something else for good, though no event said so', async () => {
    for (const change of [{ count: 2 }, { newest: 9 }, { count: 0 }]) {
      const epoch = setUp();
      await epoch.clock.run(0);
      Object.assign(epoch.store, change);
      await epoch.live(32_000);
      expect(epoch.end).toEqual({ reason: 'mismatch' });
    }
  });

  it('ends when the store has gone back, though its stream is silent about it', async () => {
    const epoch = setUp();
    await epoch.clock.run(0);
    epoch.store.revision = 9;
    await epoch.live(30_500);
    expect(epoch.end).toEqual({ reason: 'rewound' });
  });

  it('makes nothing of an event that is on its way, nor of a comparison that cannot be made', async () => {
    const epoch = setUp();
    await epoch.clock.run(0);
    Object.assign(epoch.store, { count: 2, newest: 11, revision: 11 });
    await epoch.live(30_500);
    epoch.say({ header: { ...header, revision: '11' }, events: [put('b', 11)] });
    await epoch.live(10_000);
    epoch.store.away = true;
    await epoch.live(60_000);
    expect(epoch.end).toBeUndefined();
  });

  it('ends after ten minutes in any case', async () => {
    const epoch = setUp();
    await epoch.clock.run(0);
    await epoch.live(600_500);
    expect(epoch.end).toEqual({ reason: 'renewal' });
  });
});
