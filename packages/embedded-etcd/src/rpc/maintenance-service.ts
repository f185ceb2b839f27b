import { crc32 } from 'node:zlib';
import type { ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Alarm, AlarmType } from '../alarms.ts';
import type { Caller, Etcd } from '../etcd.ts';
import { EtcdError, refusal, uncoded, unimplemented } from '../etcd-error.ts';
import { member } from '../member.ts';
import type { KeyRange } from '../store/key-range.ts';
import type { View } from '../store/store.ts';
import { failStream, openStream, unary } from './call.ts';

interface AlarmRequest {
  readonly action: 'Get' | 'Activate' | 'Deactivate';
  readonly memberID: string;
  readonly alarm: AlarmType;
}

/** Bytes that an etcd takes which holds nothing: clients divide by its size. */
const emptySize = 20 * 1024;

const everything: KeyRange = { start: '\0', end: undefined };

/** The Maintenance service: what a server in memory has to tell of itself. */
export function maintenanceService(etcd: Etcd): UntypedServiceImplementation {
  return {
    Status: unary(etcd, () => {
      const { consensus, database } = etcd;
      const size = emptySize + database.store.byteSize();
      return {
        header: etcd.header(),
        version: member.version,
        dbSize: size,
        dbSizeInUse: size,
        leader: consensus.hasLeader ? member.memberId : '0',
        raftIndex: consensus.index,
        raftAppliedIndex: consensus.index,
        raftTerm: consensus.term,
        errors: [
          ...(consensus.hasLeader ? [] : [refusal('noLeader').message]),
          ...database.alarms.list('None').map(textOf),
        ],
      };
    }),
    Alarm: unary(etcd, ({ action, memberID, alarm }: AlarmRequest, caller) => {
      withBareErrors(() => etcd.identify(caller));
      return etcd.consensus.propose(() => ({
        alarms: act(action, { memberId: memberID, type: alarm }).map(messageOf),
      }));
    }),
    // Nothing to do: what is freed in memory is free. etcd sends no header here, nor with alarms.
    Defragment: unary(etcd, (_request: object, caller) => {
      requireRoot(caller);
      return {};
    }),
    Hash: unary(etcd, (_request: object, caller) => {
      requireRoot(caller);
      const { store } = etcd.database;
      return { header: etcd.header(), hash: hashOf(store, 0) };
    }),
    HashKV: unary(etcd, ({ revision }: { readonly revision: string }, caller) => {
      requireRoot(caller);
      const { store } = etcd.database;
      const at = Number(revision);
      // Unlike a read, at the compacted revision too: what was deleted at it may or may not be gone by now.
      if (at > 0 && at <= store.compactedRevision) throw refusal('compacted');
      return {
        header: etcd.header(),
        hash: hashOf(store, at),
        compactRevision: store.compactedRevision,
      };
    }),
    Snapshot(call: ServerWritableStream<object, object>) {
      const caller = openStream(etcd, call);
      if (caller === undefined) return;
      try {
        requireRoot(caller);
        throw unimplemented('the data is in memory only, there is no file to make a snapshot of');
      } catch (error) {
        failStream(call, error);
      }
    },
    MoveLeader: unary(etcd, ({ targetID }: { readonly targetID: string }) => {
      if (targetID !== member.memberId) throw refusal('badLeaderTransferee');
      return {};
    }),
    // Not in etcd 3.4.
    Downgrade: unary(etcd, () => {
      throw unimplemented('there is no other version to downgrade to');
    }),
  };

  function requireRoot(caller: Caller): void {
    withBareErrors(() => etcd.database.auth.requireRoot(etcd.identify(caller)));
  }

  function act(action: AlarmRequest['action'], alarm: Alarm): readonly Alarm[] {
    const { alarms } = etcd.database;
    switch (action) {
      case 'Activate':
        alarms.raise(alarm);
        return [alarm];
      case 'Deactivate':
        return alarms.clear(alarm) ? [alarm] : [];
      case 'Get':
        return alarms.list(alarm.type);
      // An etcd 3.4 dies of an action that it does not know.
      default:
        return [];
    }
  }
}

/** etcd 3.4 forgets to translate what its auth store says to maintenance requests: it comes without a code. */
function withBareErrors(check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    throw uncoded(error.message.replace('etcdserver: ', 'auth: '));
  }
}

function messageOf({ memberId, type }: Alarm): Pick<AlarmRequest, 'memberID' | 'alarm'> {
  return { memberID: memberId, alarm: type };
}

function textOf({ memberId, type }: Alarm): string {
  // As Go prints the message: fields that are zero are left out, and a type that it does not know is its number.
  const id = memberId === '0' ? '' : `memberID:${memberId} `;
  return `${id}${type === 'None' ? '' : `alarm:${String(type).toUpperCase()} `}`;
}

/** Equal for equal contents; not the number that another implementation would come to. */
function hashOf(view: View, revision: number): number {
  // Of nothing it is the hash of this word.
  let hash = crc32('key');
  for (const { key, value, createRevision, modRevision, version, lease } of view.scan(everything, revision)) {
    hash = crc32(key, hash);
    hash = crc32(value, hash);
    hash = crc32(`${createRevision} ${modRevision} ${version} ${lease}`, hash);
  }
  return hash;
}
