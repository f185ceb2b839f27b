import { isEmpty, type KeyRange, singleKey } from '../store/key-range.ts';

export type Access = 'read' | 'write' | 'readwrite';

/** What a role may do with a range of keys. */
export interface Permission {
  readonly access: Access;
  readonly range: KeyRange;
  /** The range as it was granted, which is what must be named to take it away. */
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/**
 * Whether `permissions` together let all of `range` be read, or written. Adjacent ranges make a larger one. A range that ends before
 * it begins holds nothing, but etcd wants a permission for the key that it begins with.
 */
export function covers(permissions: readonly Permission[], access: 'read' | 'write', range: KeyRange): boolean {
  const { start: first, end: limit } = isEmpty(range) ? singleKey(range.start) : range;
  const ranges = permissions
    .filter((permission) => permission.access === access || permission.access === 'readwrite')
    .map((permission) => permission.range)
    // An empty key can be granted, but etcd takes it for the end of all keys: it lets nobody do anything.
    .filter(({ start }) => start !== '')
    .toSorted((a, b) => (a.start < b.start ? -1 : 1));
  // `reached` is the smallest key of the range that has yet to be covered.
  let reached = first;
  for (const { start, end } of ranges) {
    if (start > reached) return false;
    if (end === undefined) return true;
    if (end > reached) reached = end;
    if (limit !== undefined && reached >= limit) return true;
  }
  return false;
}
