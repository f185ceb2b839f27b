import type { WatchEvent, WatchReply } from './watch-reply.ts';

/** etcd splits above its request limit of 1.5 MiB and 512 KiB for what gRPC adds. */
const maxBytes = 2 * 1024 * 1024;

/** Bytes that an event adds to its key and value, at most: revisions, version, lease, tags and lengths. */
const eventOverhead = 64;

/** Splits `reply` so that no part is much above 2 MiB, unless a single event is. All parts but the last are marked. */
export function fragments(reply: WatchReply): readonly WatchReply[] {
  const parts: WatchEvent[][] = [];
  let part: WatchEvent[] = [];
  let bytes = 0;
  for (const event of reply.events ?? []) {
    const size = sizeOf(event);
    if (part.length > 0 && bytes + size > maxBytes) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += size;
  }
  parts.push(part);
  return parts.map((events, index) => ({ ...reply, events, fragment: index < parts.length - 1 }));
}

function sizeOf({ kv, prevKv }: WatchEvent): number {
  return eventOverhead + lengthOf(kv) + (prevKv === undefined ? 0 : eventOverhead + lengthOf(prevKv));
}

function lengthOf({ key, value }: WatchEvent['kv']): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
