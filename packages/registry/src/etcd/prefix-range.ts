/** Prefixes as etcd's messages carry them. */
import type { IRangeRequest } from 'etcd3';

/** The range of all keys that begin with `prefix`, which is not empty: up to the prefix with its last byte one higher. */
export function prefixRange(prefix: string): { readonly key: Buffer; readonly range_end: Buffer } {
  const key = Buffer.from(prefix);
  const end = Buffer.from(key);
  // Prefixes here end in "/", so the last byte can always grow.
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return { key, range_end: end };
}

/** The key right after `key`: where the next page of a list begins. */
export function keyAfter(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.from([0])]);
}

/** What to ask for to compare a prefix with what we hold of it: how many keys, and the newest. */
export function fingerprintRequest(prefix: string): IRangeRequest {
  return { ...prefixRange(prefix), limit: 1, keys_only: true, sort_order: 'Descend', sort_target: 'Mod' };
}
