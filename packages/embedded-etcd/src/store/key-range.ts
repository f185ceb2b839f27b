/**
 * Keys and ranges of keys.
 *
 * A key is held as text with one UTF-16 unit for each byte: comparing two such texts compares their bytes, a `Map` can hold
 * them, and neither is true of a Buffer.
 */
export type Key = string;

export function keyOf(bytes: Buffer): Key {
  return bytes.toString('latin1');
}

export function bytesOf(key: Key): Buffer {
  return Buffer.from(key, 'latin1');
}

/** The keys from `start` up to but without `end`; without an end, all keys from `start`. */
export interface KeyRange {
  readonly start: Key;
  readonly end: Key | undefined;
}

/** The range that holds `key` and no other: a zero byte more makes the smallest key above it. */
export function singleKey(key: Key): KeyRange {
  return { start: key, end: `${key}\0` };
}

/** How the two fields of a request name a range. */
export type ToKeyRange = (key: Buffer, rangeEnd: Buffer | undefined) => KeyRange;

/**
 * The range that a request names which is answered as it came: no `range_end` means the one key, an empty one or a single zero
 * byte no upper end.
 */
export function keyRange(key: Buffer, rangeEnd: Buffer | undefined): KeyRange {
  const start = keyOf(key);
  if (rangeEnd === undefined) return singleKey(start);
  const endless = rangeEnd.length === 0 || (rangeEnd.length === 1 && rangeEnd[0] === 0);
  return { start, end: endless ? undefined : keyOf(rangeEnd) };
}

/** As {@link keyRange} for a request that went through the log, on which way an empty `range_end` is lost. */
export function loggedKeyRange(key: Buffer, rangeEnd: Buffer | undefined): KeyRange {
  return keyRange(key, rangeEnd?.length === 0 ? undefined : rangeEnd);
}

export function includes({ start, end }: KeyRange, key: Key): boolean {
  return start <= key && (end === undefined || key < end);
}

export function isSingle({ start, end }: KeyRange): boolean {
  return end?.length === start.length + 1 && end.endsWith('\0') && end.startsWith(start);
}

export function isEmpty({ start, end }: KeyRange): boolean {
  return end !== undefined && end <= start;
}
