import { isEmpty, type KeyRange } from '../store/key-range.ts';

export type Access = 'read' | 'write' | 'readwrite';

/** What a role may do with a range of keys. */
export interface Permission {
  readonly access: Access;
  readonly range: KeyRange;
  /** The range as it was granted, which is what must be named to take it away. */
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** Whether `permissions` together let all of `range` be read, or written. Adjacent ranges make a larger one. */
export function covers(permissions: readonly Permission[], access: 'read' | 'write', range: KeyRange): boolean {
  if (isEmpty(range)) return false;
  const ranges = permissions
    .filter((permission) => permission.access === access || permission.access === 'readwrite')
    .map((permission) => permission.range)
    .toSorted((a, b) => (a.start < b.start ? -1 : 1));
  // `reached` is the smallest key of the range that has yet to be covered.
  let reached = range.start;
  for (const { start, end } of ranges) {
    if (start > reached) return false;
    if (end === undefined) return true;
    if (end > reached) reached = end;
    if (range.end !== undefined && reached >= range.end) return true;
  }
  return false;
}
