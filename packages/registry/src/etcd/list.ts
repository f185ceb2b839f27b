import type { IResponseHeader } from 'etcd3';

import type { EtcdClient } from './etcd-client.ts';
import { keyAfter, prefixRange, toEntry } from './prefix-range.ts';
import type { Entry } from './view.ts';

/** Keys a page. 10 000 keys take 118 ms in pages of 500 against 57 ms at once, and no page comes near gRPC's size limit. */
const pageSize = 500;

export interface Listing {
  readonly entries: readonly Entry[];
  /** Of the first page; all pages are read at its revision. */
  readonly header: IResponseHeader;
}

/**
 * Every key under `prefix` at one revision: `revision`, or now when it is not given. Linearizable: a member that lost touch
 * with its cluster fails instead of answering with old news. Rejects with `EtcdError`.
 */
export async function list(client: EtcdClient, prefix: string, revision?: string): Promise<Listing> {
  const entries: Entry[] = [];
  const { key, range_end } = prefixRange(prefix);
  let header: IResponseHeader | undefined;
  let from = key;
  for (;;) {
    const at = header?.revision ?? revision;
    const request = { key: from, range_end, limit: pageSize, ...(at !== undefined && { revision: at }) };
    const page = await client.kv('range', (kv) => kv.range(request));
    header ??= page.header;
    for (const kv of page.kvs) entries.push(toEntry(kv));
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return { entries, header };
    from = keyAfter(last.key);
  }
}
