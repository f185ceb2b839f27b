/**
 * One epoch: a complete list at one revision, then a watch from the next, for as long as there is no doubt about it.
 *
 * Any doubt ends the epoch, and the next one begins with a list; nothing is resumed. That is more than etcd's clients do, and it
 * is what makes every one of their silent failures end in a fresh list: a lost or refused stream, a compacted revision, a store
 * that was wiped or rewound (cluster id and term stay the same, only the revision falls), a member that hangs, a path that
 * drops packets without closing, and, through a cheap comparison now and then, whatever we did not think of.
 */
import type { IResponseHeader, IWatchResponse } from 'etcd3';

import { classify, classifyReason } from './classify.ts';
import type { Clock } from './clock.ts';
import type { EtcdClient, WatchStream } from './etcd-client.ts';
import { EtcdError } from './errors.ts';
import { list } from './list.ts';
import { fingerprintRequest, prefixRange, toEntry } from './prefix-range.ts';
import type { View, ViewEvent } from './view.ts';

/** Why an epoch ended; see `docs/operations.md`. */
export type EpochEndReason =
  /** etcd could not be listed. */
  | 'unreachable'
  /** The watch was refused, ended or lost its connection. */
  | 'disconnected'
  /** The user may not list or watch, or its credentials are not accepted. */
  | 'denied'
  /** The revision to go on from is no longer kept. */
  | 'compacted'
  /** The store's revision, term or cluster went back or changed: it was wiped or restored. */
  | 'rewound'
  /** Nothing was heard for too long, not even an answer to our probe. */
  | 'silent'
  /** What we hold differs from what etcd holds, and no event explains it. */
  | 'mismatch'
  /** We were closed. */
  | 'closed';

export interface EpochEnd {
  readonly reason: EpochEndReason;
  readonly error?: Error | undefined;
}

/** Intervals of an epoch, in milliseconds. */
interface EpochTimings {
  /** How often the stream is asked for a sign of life. */
  readonly probeEveryMs: number;
  /** How long that may take. */
  readonly probeTimeoutMs: number;
  /** How often what we hold is compared with what etcd holds. */
  readonly compareEveryMs: number;
}

export interface EpochOptions extends EpochTimings {
  readonly client: EtcdClient;
  readonly prefix: string;
  readonly view: View;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** The view has been listed anew and is current. */
  readonly onListed: () => void;
  /** Events were applied to the view. */
  readonly onEvents: () => void;
  /** etcd has said something. */
  readonly onHeard: () => void;
}

/** How long an empty list is doubted when there was something before: long enough for a second look, not to be noticed. */
const emptyDoubtMs = 200;

/** Runs one epoch to its end. Never rejects. */
export async function runEpoch(options: EpochOptions): Promise<EpochEnd> {
  try {
    const header = await listInto(options);
    options.onHeard();
    options.onListed();
    return await new Watching(options, header).run();
  } catch (error) {
    return {
      reason: reasonFor(error, 'unreachable'),
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }
}

async function listInto({ client, prefix, view, clock, signal }: EpochOptions): Promise<IResponseHeader> {
  let listing = await list(client, prefix);
  if (listing.entries.length === 0 && view.fingerprint.count > 0) {
    await clock.sleep(emptyDoubtMs, signal);
    listing = await list(client, prefix);
  }
  view.list(listing.entries, Number(listing.header.revision));
  return listing.header;
}

function reasonFor(error: unknown, otherwise: EpochEndReason): EpochEndReason {
  if (!(error instanceof EtcdError)) return otherwise;
  if (error.code === 'ERR_ETCD_DENIED' || error.code === 'ERR_ETCD_UNAUTHENTICATED') return 'denied';
  return error.code === 'ERR_ETCD_COMPACTED' ? 'compacted' : otherwise;
}

/** The second half of an epoch. */
class Watching {
  readonly #options: EpochOptions;
  readonly #listed: IResponseHeader;
  readonly #over = new AbortController();
  readonly #end = Promise.withResolvers<EpochEnd>();
  /** Events of a response that etcd has split; they count only once the last part is here. */
  #fragments: ViewEvent[] = [];
  #heard = 0;

  constructor(options: EpochOptions, listed: IResponseHeader) {
    this.#options = options;
    this.#listed = listed;
  }

  async run(): Promise<EpochEnd> {
    const { client, signal, clock, random, probeEveryMs, compareEveryMs } = this.#options;
    const { host } = client;
    const stream = await client.watch();
    // A stream that is cancelled still emits an error, so the listeners stay on.
    stream.on('data', (response) => this.#read(response));
    stream.on('error', (error) => {
      const classified = classify(error, 'watch', host);
      this.#finish({ reason: reasonFor(classified, 'disconnected'), error: classified });
    });
    stream.on('end', () => this.#finish({ reason: 'disconnected' }));
    const close = (): void => this.#finish({ reason: 'closed' });
    signal.addEventListener('abort', close);
    if (signal.aborted) close();

    stream.write({ create_request: this.#request() });
    const every = async (ms: number, spread: number, check: () => Promise<EpochEnd | undefined>): Promise<void> => {
      while (!this.#over.signal.aborted) {
        await clock.sleep(ms * (1 - spread + 2 * spread * random()), this.#over.signal);
        const end = this.#over.signal.aborted ? undefined : await check();
        if (end !== undefined) this.#finish(end);
      }
    };
    void every(probeEveryMs, 0.1, () => this.#probe(stream));
    void every(compareEveryMs, 0.2, () => this.#compare());

    const end = await this.#end.promise;
    signal.removeEventListener('abort', close);
    stream.cancel();
    if (end.reason === 'silent' || end.reason === 'disconnected') client.rotate();
    return end;
  }

  #finish(end: EpochEnd): void {
    this.#end.resolve(end);
    this.#over.abort();
  }

  #request() {
    const { prefix, view } = this.#options;
    return { ...prefixRange(prefix), start_revision: view.revision + 1, progress_notify: true, fragment: true };
  }

  #read(response: IWatchResponse): void {
    if (this.#over.signal.aborted) return;
    this.#heard += 1;
    this.#options.onHeard();
    const end = this.#doubt(response);
    if (end !== undefined) this.#finish(end);
    else this.#fold(response);
  }

  #doubt(response: IWatchResponse): EpochEnd | undefined {
    if (response.canceled) {
      if (response.compact_revision !== '0') return { reason: 'compacted' };
      const error = classifyReason(response.cancel_reason, 'watch', this.#options.client.host);
      return { reason: reasonFor(error, 'disconnected'), error };
    }
    const { header } = response;
    const back =
      header.cluster_id !== this.#listed.cluster_id ||
      Number(header.raft_term) < Number(this.#listed.raft_term) ||
      Number(header.revision) < this.#options.view.revision;
    return back ? { reason: 'rewound' } : undefined;
  }

  #fold(response: IWatchResponse): void {
    let revision = 0;
    for (const { type, kv } of response.events) {
      revision = Math.max(revision, Number(kv.mod_revision));
      this.#fragments.push(
        type === 'Delete' ? { kind: 'delete', key: kv.key.toString() } : { kind: 'put', entry: toEntry(kv) },
      );
    }
    if (response.fragment || this.#fragments.length === 0) return;
    const events = this.#fragments;
    this.#fragments = [];
    this.#options.view.apply(events, Math.max(revision, this.#options.view.revision));
    this.#options.onEvents();
  }

  /** A request for progress is answered on the stream itself, so silence after it is the stream's. */
  async #probe(stream: WatchStream): Promise<EpochEnd | undefined> {
    const { clock, probeTimeoutMs } = this.#options;
    const heard = this.#heard;
    stream.write({ progress_request: {} });
    await clock.sleep(probeTimeoutMs, this.#over.signal);
    return this.#heard === heard ? { reason: 'silent' } : undefined;
  }

  /**
   * Compares how many keys there are and which is newest. Events on their way make the two differ for a moment, so only a
   * difference that stays while the view stands still counts.
   */
  async #compare(): Promise<EpochEnd | undefined> {
    const { client, prefix, view, clock } = this.#options;
    const { revision } = view;
    for (let look = 0; ; look += 1) {
      const { count, kvs } = await client
        .kv('range', (kv) => kv.range(fingerprintRequest(prefix)))
        // Whether etcd can be asked is the stream's to find out.
        .catch(() => ({ count: undefined, kvs: [] }));
      const held = view.fingerprint;
      const newest = Number(kvs[0]?.mod_revision ?? 0);
      const same = count === undefined || (Number(count) === held.count && newest === held.newest);
      if (same || view.revision !== revision) return undefined;
      if (look === compareLooks) return { reason: 'mismatch' };
      await clock.sleep(compareLookMs, this.#over.signal);
    }
  }
}

/** Two more looks half a second apart: an event takes milliseconds, on a bad day a second. */
const compareLooks = 2;
const compareLookMs = 500;
