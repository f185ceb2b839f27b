import type { IResponseHeader, IWatchRequest, IWatchResponse } from 'etcd3';

import { type Clock, sleep } from '../clock.ts';
import { classifyReason } from '../etcd/classify.ts';
import type { Connection, Stream } from '../etcd/connection.ts';
import { fingerprintRequest, prefixRange } from '../etcd/prefix-range.ts';
import { type EpochEnd, failed } from './epoch-end.ts';
import type { Followed, ViewEvent } from './view.ts';

/** Intervals, in milliseconds. */
export interface EpochTimings {
  /** How often the stream is asked for a sign of life. */
  readonly probeEveryMs: number;
  /** How long that may take. */
  readonly probeTimeoutMs: number;
  /** How often what we hold is compared with what etcd holds. */
  readonly compareEveryMs: number;
  /** How long an epoch lasts at most. */
  readonly renewAfterMs: number;
}

export interface WatchingOptions {
  readonly prefix: string;
  readonly view: Followed;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timings: EpochTimings;
  readonly signal: AbortSignal;
  /** The watch stands: from now on the view is current. */
  readonly onWatching: () => void;
  /** Events were applied to the view. */
  readonly onEvents: (count: number) => void;
  /** etcd has said something. */
  readonly onHeard: () => void;
}

/** What is needed of a connection. */
export type WatchedConnection = Pick<Connection, 'watch' | 'call' | 'host'>;

/** Two more looks half a second apart: an event takes milliseconds, on a bad day a second. */
const compareLooks = 2;
const compareLookMs = 500;

/** The second half of an epoch: the watch from the revision after the list, and what may cast doubt on it. */
export class Watching {
  readonly #options: WatchingOptions;
  readonly #connection: WatchedConnection;
  readonly #listed: IResponseHeader;
  readonly #over = new AbortController();
  readonly #end = Promise.withResolvers<EpochEnd>();
  /** Events of a response that etcd has split; they count only once the last part is here. */
  #fragments: ViewEvent[] = [];
  /** That the last of them was made at. */
  #revision = 0n;
  /** Ends the wait for a sign of life. */
  #onHeard = (): void => {};

  /** `listed` came with the list, over the same connection: another member may not have got that far. */
  constructor(options: WatchingOptions, connection: WatchedConnection, listed: IResponseHeader) {
    this.#options = options;
    this.#connection = connection;
    this.#listed = listed;
  }

  /** Rejects with `EtcdError` when the stream cannot be opened. */
  async run(): Promise<EpochEnd> {
    const { signal, timings } = this.#options;
    const stream = await this.#connection.watch(
      {
        onMessage: (response) => this.#read(response),
        onEnd: (error) => this.#finish(failed(error, 'disconnected', signal)),
      },
      { signal },
    );
    const close = (): void => this.#finish({ reason: 'closed' });
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    try {
      stream.write({ create_request: this.#request() });
      this.#every(timings.probeEveryMs, 0.1, () => this.#probe(stream));
      this.#every(timings.compareEveryMs, 0.2, () => this.#compare());
      this.#every(timings.renewAfterMs, 0.2, async () => ({ reason: 'renewal' }));
      return await this.#end.promise;
    } finally {
      signal.removeEventListener('abort', close);
      stream.cancel();
    }
  }

  #finish(end: EpochEnd): void {
    this.#end.resolve(end);
    this.#over.abort();
  }

  /** Runs `check` again and again, each time after about `ms`, until it has found an end or there is one. */
  #every(ms: number, spread: number, check: () => Promise<EpochEnd | undefined>): void {
    const { clock, random } = this.#options;
    const { signal } = this.#over;
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        await sleep(clock, ms * (1 - spread + 2 * spread * random()), signal);
        const end = signal.aborted ? undefined : await check();
        if (end !== undefined) this.#finish(end);
      }
    };
    run().catch((error: unknown) => this.#finish(failed(error, 'disconnected', this.#options.signal)));
  }

  #request(): NonNullable<IWatchRequest['create_request']> {
    const { prefix, view } = this.#options;
    // As a string: a number would round revisions beyond 2⁵³, which a restore with --bump-revision can reach.
    const from = String(view.revision + 1n);
    return { ...prefixRange(prefix), start_revision: from, progress_notify: true, fragment: true };
  }

  #read(response: IWatchResponse): void {
    if (this.#over.signal.aborted) return;
    this.#onHeard();
    this.#options.onHeard();
    const end = this.#doubt(response);
    if (end !== undefined) {
      this.#finish(end);
      return;
    }
    if (response.created) this.#options.onWatching();
    this.#fold(response);
  }

  #doubt({ header, canceled, compact_revision, cancel_reason }: IWatchResponse): EpochEnd | undefined {
    if (canceled) {
      if (compact_revision !== '0') return { reason: 'compacted' };
      return failed(
        classifyReason(cancel_reason, 'watch', this.#connection.host),
        'disconnected',
        this.#options.signal,
      );
    }
    return this.#isRewound(header) ? { reason: 'rewound' } : undefined;
  }

  #isRewound(header: IResponseHeader): boolean {
    return (
      header.cluster_id !== this.#listed.cluster_id ||
      BigInt(header.raft_term) < BigInt(this.#listed.raft_term) ||
      BigInt(header.revision) < this.#options.view.revision
    );
  }

  #fold({ events, fragment }: IWatchResponse): void {
    const { view } = this.#options;
    for (const { type, kv } of events) {
      this.#fragments.push(type === 'Delete' ? { kind: 'delete', key: kv.key } : { kind: 'put', kv });
      // Not the revision of the header: that is how far the store has got, and what lies between may still be on its way.
      this.#revision = BigInt(kv.mod_revision);
    }
    if (fragment || this.#fragments.length === 0) return;
    const applied = this.#fragments;
    this.#fragments = [];
    view.apply(applied, this.#revision);
    this.#options.onEvents(applied.length);
  }

  /** A request for progress is answered on the stream itself, so silence after it is the stream's. */
  async #probe(stream: Stream<IWatchRequest>): Promise<EpochEnd | undefined> {
    const { clock, timings } = this.#options;
    const heard = new AbortController();
    this.#onHeard = () => heard.abort();
    stream.write({ progress_request: {} });
    const over = AbortSignal.any([this.#over.signal, heard.signal]);
    for (let wait = timings.probeTimeoutMs; ;) {
      const askedAt = clock.now();
      await sleep(clock, wait, over);
      if (over.aborted) return undefined;
      // When this process stood still, the answer may be here and not have been looked at: timers come before sockets.
      const overslept = clock.now() - askedAt - wait > stoodStillMs;
      if (!overslept) return { reason: 'silent' };
      wait = stoodStillMs;
    }
  }

  /**
   * Compares how many keys there are and which is newest. Events on their way make the two differ for a moment, so only a
   * difference that stays while the view stands still counts.
   */
  async #compare(): Promise<EpochEnd | undefined> {
    const { prefix, view, clock } = this.#options;
    const { revision } = view;
    const { signal } = this.#over;
    for (let look = 0; ; look += 1) {
      const answer = await this.#connection
        .call('range', ({ kv }, options) => kv.range(fingerprintRequest(prefix), options), { signal })
        // Whether etcd can be asked is the stream's to find out.
        .catch(() => undefined);
      if (answer === undefined || signal.aborted || view.revision !== revision) return undefined;
      if (this.#isRewound(answer.header)) return { reason: 'rewound' };
      const { count, newest } = view.fingerprint;
      const [first] = answer.kvs;
      const same =
        Number(answer.count) === count && (newest === undefined || BigInt(first?.mod_revision ?? 0) === newest);
      if (same) return undefined;
      if (look === compareLooks) return { reason: 'mismatch' };
      await sleep(clock, compareLookMs, signal);
    }
  }
}

/** A timer that comes this much too late, in milliseconds, came to a process that stood still. */
const stoodStillMs = 200;
