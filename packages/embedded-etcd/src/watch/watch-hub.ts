import type { Change } from '../store/event-log.ts';
import { includes, isSingle, type Key, type KeyRange } from '../store/key-range.ts';

/** Told of the changes in its range, once for each revision that has any. */
export type Notify = (revision: number, changes: readonly Change[]) => void;

interface Group {
  readonly range: KeyRange;
  readonly members: Set<Notify>;
}

/**
 * Who watches what. Watchers of the same range share one test for it, and those of a single key are found by that key, so a
 * write costs O(its changes × distinct ranges + watchers told) however many watch other keys.
 */
export class WatchHub {
  readonly #keys = new Map<Key, Group>();
  readonly #ranges = new Map<string, Group>();

  /** Calls `notify` for changes in `range` until the returned function is called. */
  add(range: KeyRange, notify: Notify): () => void {
    const [groups, name] = isSingle(range) ? [this.#keys, range.start] : [this.#ranges, nameOf(range)];
    let group = groups.get(name);
    if (group === undefined) groups.set(name, (group = { range, members: new Set() }));
    const { members } = group;
    members.add(notify);
    return () => {
      members.delete(notify);
      if (members.size === 0 && groups.get(name)?.members === members) groups.delete(name);
    };
  }

  /** Tells of a write. A watcher that is removed while others are told is told no more. */
  publish(revision: number, changes: readonly Change[]): void {
    for (const [key, own] of byKey(changes)) tell(this.#keys.get(key), revision, own);
    for (const group of this.#ranges.values()) {
      const own = changes.filter(({ key }) => includes(group.range, key));
      if (own.length > 0) tell(group, revision, own);
    }
  }
}

function tell(group: Group | undefined, revision: number, changes: readonly Change[]): void {
  for (const notify of group?.members ?? []) notify(revision, changes);
}

function byKey(changes: readonly Change[]): Iterable<readonly [Key, readonly Change[]]> {
  const [only] = changes;
  return changes.length === 1 && only !== undefined ? [[only.key, changes]] : Map.groupBy(changes, ({ key }) => key);
}

/** No two ranges share it: the length says where the start ends. */
function nameOf({ start, end }: KeyRange): string {
  return `${start.length}:${start}${end === undefined ? '' : `-${end}`}`;
}
