import type { KeyRange } from './key-range.ts';
import type { KeyValue } from './key-value.ts';
import type { View } from './store.ts';

export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value';
export type SortOrder = 'none' | 'ascend' | 'descend';

/** A Range request. A bound of 0 is none. */
export interface RangeQuery {
  readonly range: KeyRange;
  /** Revision to read at; 0 or less is the current one. */
  readonly revision: number;
  readonly limit: number;
  readonly sortTarget: SortTarget;
  readonly sortOrder: SortOrder;
  readonly countOnly: boolean;
  readonly keysOnly: boolean;
  readonly minModRevision: number;
  readonly maxModRevision: number;
  readonly minCreateRevision: number;
  readonly maxCreateRevision: number;
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  /** Whether `limit` has held some back. */
  readonly more: boolean;
  /** Keys in the range at that revision, whatever the limit and the revision bounds let through. */
  readonly count: number;
}

const noValue = Buffer.alloc(0);

/** Answers `query`. Throws when its revision is compacted or to come. O(keys in the range), and the sort's share. */
export function readRange(view: View, query: RangeQuery): RangeResult {
  const { limit, sortTarget, countOnly, keysOnly } = query;
  // etcd sorts by any target but the key even when no order is asked for.
  const sortOrder = query.sortOrder === 'none' && sortTarget !== 'key' ? 'ascend' : query.sortOrder;
  const passes = revisionBounds(query);
  const inKeyOrder = sortOrder === 'none';
  const kvs: KeyValue[] = [];
  let count = 0;
  let more = false;
  for (const kv of view.scan(query.range, query.revision)) {
    count += 1;
    if (countOnly || !passes(kv)) continue;
    if (inKeyOrder && limit > 0 && kvs.length === limit) more = true;
    else kvs.push(kv);
  }
  if (!inKeyOrder) {
    const ascending = comparators[sortTarget];
    kvs.sort(sortOrder === 'ascend' ? ascending : (a, b) => ascending(b, a));
    if (limit > 0 && kvs.length > limit) {
      kvs.length = limit;
      more = true;
    }
  }
  return { kvs: keysOnly ? kvs.map((kv) => ({ ...kv, value: noValue })) : kvs, more, count };
}

const comparators: Readonly<Record<SortTarget, (a: KeyValue, b: KeyValue) => number>> = {
  key: (a, b) => a.key.compare(b.key),
  version: (a, b) => a.version - b.version,
  create: (a, b) => a.createRevision - b.createRevision,
  mod: (a, b) => a.modRevision - b.modRevision,
  value: (a, b) => a.value.compare(b.value),
};

function revisionBounds(query: RangeQuery): (kv: KeyValue) => boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = query;
  return ({ modRevision, createRevision }) =>
    within(modRevision, minModRevision, maxModRevision) && within(createRevision, minCreateRevision, maxCreateRevision);
}

function within(revision: number, min: number, max: number): boolean {
  return revision >= min && (max === 0 || revision <= max);
}
