import type { Change } from '../store/event-log.ts';
import { includes, isEmpty } from '../store/key-range.ts';
import type { Store } from '../store/store.ts';
import { fragments } from './fragments.ts';
import type { WatchHub } from './watch-hub.ts';
import type { WatchEvent, WatchReply } from './watch-reply.ts';
import { Watcher, type WatchOptions } from './watcher.ts';

/** Where answers go. When it is `full` no more should be sent until {@link WatchStream.resume} is called. */
export interface Outlet {
  readonly full: boolean;
  send(reply: WatchReply): void;
}

/** etcd puts at most this many revisions into one answer while a watcher catches up. */
const maxRevisionsInReply = 1000;

/** The id that asks for a free one, though the first one given out is the same. */
const anyId = '0';

/** The id in answers that belong to no watcher. */
const noWatcher = '-1';

/**
 * The watchers of one gRPC stream.
 *
 * A watcher is either live, told of each write as it happens, or behind, reading the store's log until it has caught up. One
 * that starts in the past begins behind; one whose client reads too slowly falls behind, holds no memory while it waits, and is
 * cancelled when a compaction overtakes it. So what a client sees is the same in both cases, and no queue grows without bound.
 */
export class WatchStream {
  readonly #store: Store;
  readonly #hub: WatchHub;
  readonly #outlet: Outlet;
  readonly #watchers = new Map<string, Watcher>();
  readonly #behind = new Set<Watcher>();
  #nextId = 0;
  #progressOwed = false;

  constructor(store: Store, hub: WatchHub, outlet: Outlet) {
    this.#store = store;
    this.#hub = hub;
    this.#outlet = outlet;
  }

  /** Begins a watch under the id asked for, or for `0` under one that is free. */
  create(id: string, options: WatchOptions): void {
    const { revision } = this.#store;
    if (isEmpty(options.range)) return this.refuse('mvcc: watcher range is empty');
    if (id !== anyId && this.#watchers.has(id)) {
      return this.refuse('mvcc: duplicate watch ID provided on the WatchStream');
    }
    const next = options.startRevision === 0 ? revision + 1 : options.startRevision;
    const watcher = new Watcher(id === anyId ? this.#freeId() : id, options, next);
    this.#watchers.set(watcher.id, watcher);
    this.#outlet.send({ revision, watchId: watcher.id, created: true });
    this.#catchUp(watcher);
  }

  /** Answers a request for a watch with one that is over at once. */
  refuse(cancelReason: string): void {
    const { revision } = this.#store;
    this.#outlet.send({ revision, watchId: noWatcher, created: true, canceled: true, cancelReason });
  }

  /** Ends a watch. An id that is not in use is not answered. */
  cancel(id: string): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return;
    this.#remove(watcher);
    this.#outlet.send({ revision: this.#store.revision, watchId: id, canceled: true });
  }

  /** Answers that all watchers of the stream have been told of everything up to a revision, once that is so. */
  requestProgress(): void {
    this.#progressOwed = true;
    this.#payProgress();
  }

  /** Tells watchers that asked for it, have caught up and have heard nothing since the last call, how far they are. */
  notifyProgress(): void {
    const { revision } = this.#store;
    for (const watcher of this.#watchers.values()) {
      if (!watcher.options.progressNotify) continue;
      if (watcher.quiet && watcher.leave !== undefined && !this.#outlet.full) {
        this.#outlet.send({ revision, watchId: watcher.id });
      }
      watcher.quiet = true;
    }
  }

  /** Goes on where {@link Outlet.full} stopped it. */
  resume(): void {
    for (const watcher of this.#behind) this.#catchUp(watcher);
    this.#payProgress();
  }

  /** Drops all watchers without a word. */
  close(): void {
    for (const watcher of this.#watchers.values()) this.#remove(watcher);
  }

  /** Sends what `watcher` has missed, as long as there is room, and makes it live when nothing is left. */
  #catchUp(watcher: Watcher): void {
    this.#behind.add(watcher);
    while (!this.#outlet.full) {
      const { revision, compactedRevision } = this.#store;
      if (watcher.next < compactedRevision) {
        this.#remove(watcher);
        // etcd leaves the header's revision at zero here.
        this.#outlet.send({ revision: 0, watchId: watcher.id, canceled: true, compactRevision: compactedRevision });
        return;
      }
      if (watcher.next > revision) {
        this.#behind.delete(watcher);
        watcher.leave = this.#hub.add(watcher.options.range, (at, changes) => this.#notify(watcher, at, changes));
        return;
      }
      const events = this.#readLog(watcher, revision);
      if (events.length > 0) this.#sendEvents(watcher, revision, events);
    }
  }

  /** Reads the next events of `watcher` from the log, and moves it past them. */
  #readLog(watcher: Watcher, revision: number): readonly WatchEvent[] {
    const events: WatchEvent[] = [];
    let revisions = 0;
    while (watcher.next <= revision && revisions < maxRevisionsInReply) {
      const changes = this.#store.changesAt(watcher.next).filter(({ key }) => includes(watcher.options.range, key));
      const own = watcher.eventsOf(changes, this.#store);
      if (own.length > 0) revisions += 1;
      // Not spread: a revision may have more changes than a call has room for arguments.
      for (const event of own) events.push(event);
      watcher.next += 1;
    }
    return events;
  }

  #notify(watcher: Watcher, revision: number, changes: readonly Change[]): void {
    if (revision < watcher.next) return;
    if (this.#outlet.full) {
      watcher.next = revision;
      watcher.leave?.();
      watcher.leave = undefined;
      this.#behind.add(watcher);
      return;
    }
    const events = watcher.eventsOf(changes, this.#store);
    if (events.length > 0) this.#sendEvents(watcher, revision, events);
  }

  #sendEvents(watcher: Watcher, revision: number, events: readonly WatchEvent[]): void {
    watcher.quiet = false;
    const reply = { revision, watchId: watcher.id, events };
    for (const part of watcher.options.fragment ? fragments(reply) : [reply]) this.#outlet.send(part);
  }

  #payProgress(): void {
    if (!this.#progressOwed || this.#behind.size > 0) return;
    this.#progressOwed = false;
    this.#outlet.send({ revision: this.#store.revision, watchId: noWatcher });
  }

  #remove(watcher: Watcher): void {
    watcher.leave?.();
    watcher.leave = undefined;
    this.#behind.delete(watcher);
    this.#watchers.delete(watcher.id);
  }

  #freeId(): string {
    while (this.#watchers.has(String(this.#nextId))) this.#nextId += 1;
    const id = String(this.#nextId);
    this.#nextId += 1;
    return id;
  }
}
