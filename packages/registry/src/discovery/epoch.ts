/**
 * One epoch: a complete list at one revision, then a watch from the next, for as long as there is no doubt about it.
 *
 * Any doubt ends the epoch, and the next one begins with a list; nothing is resumed. That is more than etcd's clients do, and it
 * is what makes every one of their silent failures end in a fresh list: a lost or refused stream, a compacted revision, a store
 * that was wiped or rewound (cluster id and term stay the same, only the revision falls), a member that hangs, a path that
 * drops packets without closing, and, through a cheap comparison now and then, whatever we did not think of.
 */
import type { IResponseHeader } from 'etcd3';

import { sleep } from '../clock.ts';
import type { Connection } from '../etcd/connection.ts';
import type { EtcdClient } from '../etcd/etcd-client.ts';
import { list } from '../etcd/list.ts';
import { type EpochEnd, type EpochEndReason, failed } from './epoch-end.ts';
import { Watching, type WatchingOptions } from './watching.ts';

export interface EpochOptions extends WatchingOptions {
  readonly client: EtcdClient;
  /** The view has been listed anew. `repaired` is how many keys it was silently wrong about. */
  readonly onListed: (repaired: number) => void;
}

/** How long an empty list is doubted when there was something before: long enough for a second look, not to be noticed. */
const emptyDoubtMs = 200;

/** Runs one epoch to its end. Never rejects. */
export async function runEpoch(options: EpochOptions): Promise<EpochEnd> {
  let connection: Connection;
  let release: () => void;
  try {
    connection = options.client.connection();
    release = connection.hold();
  } catch (error) {
    return failed(error, 'unreachable', options.signal);
  }
  try {
    const header = await listInto(options, connection);
    const end = await new Watching(options, connection, header).run();
    if (connectionReasons.has(end.reason)) options.client.leave(connection);
    return end;
  } catch (error) {
    options.client.leave(connection);
    return failed(error, 'unreachable', options.signal);
  } finally {
    release();
  }
}

/** The ends after which the next epoch is better off on another connection. */
const connectionReasons: ReadonlySet<EpochEndReason> = new Set(['silent', 'disconnected', 'rewound', 'mismatch']);

async function listInto(options: EpochOptions, connection: Connection): Promise<IResponseHeader> {
  const { prefix, view, clock, signal } = options;
  const listOnce = async () => {
    const listing = view.startList();
    const { header, count } = await list(connection, prefix, (kv) => listing.add(kv), signal);
    options.onHeard();
    return { header, count, finish: () => listing.finish(BigInt(header.revision), count) };
  };
  let listed = await listOnce();
  if (listed.count === 0 && view.size > 0) {
    await sleep(clock, emptyDoubtMs, signal);
    listed = await listOnce();
  }
  options.onListed(listed.finish().repaired);
  return listed.header;
}
