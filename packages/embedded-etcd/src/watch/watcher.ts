import type { Change } from '../store/event-log.ts';
import { bytesOf, type Key, type KeyRange, singleKey } from '../store/key-range.ts';
import type { KeyValue } from '../store/key-value.ts';
import type { Store } from '../store/store.ts';
import type { WatchEvent } from './watch-reply.ts';

/** What a client asks to watch. */
export interface WatchOptions {
  readonly range: KeyRange;
  /** First revision to see; 0 means from now on. */
  readonly startRevision: number;
  /** Events of these types are left out. */
  readonly without: ReadonlySet<WatchEvent['type']>;
  readonly prevKv: boolean;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
}

/** One watch: what it wants, and how far it has got. */
export class Watcher {
  readonly id: string;
  readonly options: WatchOptions;
  /** The first revision that this watcher has not been told of. */
  next: number;
  /** Whether it has heard nothing since it was last told of progress. */
  quiet = true;
  /** Takes the watcher off the hub; undefined while it has yet to catch up with the store. */
  leave: (() => void) | undefined;

  constructor(id: string, options: WatchOptions, next: number) {
    this.id = id;
    this.options = options;
    this.next = next;
  }

  /** The events that `changes`, all in its range, make for this watcher. */
  eventsOf(changes: readonly Change[], store: Store): WatchEvent[] {
    const { without, prevKv } = this.options;
    const events: WatchEvent[] = [];
    for (const { key, revision, kv } of changes) {
      const type = kv === undefined ? 'Delete' : 'Put';
      if (without.has(type)) continue;
      const created = kv?.createRevision === revision;
      events.push({
        type,
        kv: kv ?? { key: bytesOf(key), modRevision: revision },
        prevKv: prevKv && !created ? before(store, key, revision) : undefined,
      });
    }
    return events;
  }
}

/** What `key` was just before `revision`; undefined also when that is compacted. */
function before(store: Store, key: Key, revision: number): KeyValue | undefined {
  if (revision - 1 < store.compactedRevision) return undefined;
  const [kv] = store.scan(singleKey(key), revision - 1);
  return kv;
}
