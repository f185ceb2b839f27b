import type { IKeyValue, IRangeRequest, IResponseHeader } from 'etcd3';

import { EtcdError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { keyAfter, prefixRange } from './prefix-range.ts';

/**
 * Keys a page to begin with. 10 000 keys take 118 ms in pages of 500 against 57 ms at once, and no page of usual values comes near
 * the size limit of a message.
 */
const pageSize = 500;

/** A page is to stay below the larger of these, so that taking it in does not hold up the event loop, and may grow below the smaller. */
const largePageBytes = 4 * 1024 * 1024;
const smallPageBytes = 1024 * 1024;

export interface Listing {
  /** Of the first page; all pages are read at its revision. */
  readonly header: IResponseHeader;
  /** Keys there are. */
  readonly count: number;
}

/**
 * Gives `take` every key under `prefix` at one revision, that of now. Linearizable: a member that lost touch with its cluster fails
 * instead of answering with old news. Where a page is larger than we take, because somebody has put megabytes under the prefix, it
 * is asked for again by halves, down to one key, which is always small enough. Rejects with `EtcdError`; what was given by then
 * is a part, and says nothing about what is missing from it.
 */
export async function list(
  connection: Connection,
  prefix: string,
  take: (kv: IKeyValue) => void,
  signal: AbortSignal,
): Promise<Listing> {
  const { key, range_end } = prefixRange(prefix);
  let listing: Listing | undefined;
  let from = key;
  let limit = pageSize;
  for (;;) {
    const revision = listing?.header.revision;
    const request: IRangeRequest = { key: from, range_end, limit, ...(revision !== undefined && { revision }) };
    const page = await connection
      .call('range', ({ kv }, options) => kv.range(request, options), { signal })
      .catch((error: unknown) => {
        if (limit === 1 || !isTooLarge(error)) throw error;
        limit = Math.ceil(limit / 2);
        return undefined;
      });
    if (page === undefined) continue;
    listing ??= { header: page.header, count: Number(page.count) };
    for (const kv of page.kvs) take(kv);
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return listing;
    from = keyAfter(last.key);
    limit = nextLimit(limit, page.kvs);
  }
}

function nextLimit(limit: number, kvs: readonly IKeyValue[]): number {
  let bytes = 0;
  for (const { value } of kvs) bytes += value.length;
  if (bytes > largePageBytes) return Math.ceil(limit / 2);
  return bytes < smallPageBytes ? Math.min(pageSize, limit * 2) : limit;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof EtcdError && error.code === 'ERR_ETCD_TOO_LARGE';
}
