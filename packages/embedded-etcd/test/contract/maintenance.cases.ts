import type { IAlarmRequest } from 'etcd3';
import { expect } from 'vitest';
import { b, type Cases, type Context, everything, withUnknown } from './context.ts';
import { failureOf, type Methods } from './raw-client.ts';

async function memberId(context: Context): Promise<string> {
  const { members } = await context.call('Cluster/MemberList', {});
  return members[0]?.ID ?? '';
}

/** Runs a case, and leaves no alarms. */
function quiet(run: (context: Context) => Promise<void>): (context: Context) => Promise<void> {
  return async (context) => {
    try {
      await run(context);
    } finally {
      const { alarms } = await context.call('Maintenance/Alarm', {});
      for (const { memberID, alarm } of alarms) {
        await context.call('Maintenance/Alarm', { action: 'Deactivate', memberID, alarm });
      }
    }
  };
}

const noSpace = 'RESOURCE_EXHAUSTED etcdserver: mvcc: database space exceeded';
const corrupt = 'DATA_LOSS etcdserver: corrupt cluster';
const ok = 'no failure';

/** What becomes of a call without space, and in a corrupt cluster. */
const underAlarm: readonly {
  [M in keyof Methods]: [what: string, method: M, request: Methods[M][0], withoutSpace: string, whenCorrupt: string];
}[keyof Methods][] = [
  ['Put', 'KV/Put', { key: b('a') }, noSpace, corrupt],
  ['Range', 'KV/Range', { key: b('a') }, ok, ok],
  ['DeleteRange', 'KV/DeleteRange', { key: b('a') }, ok, corrupt],
  ['Txn that reads', 'KV/Txn', { success: [{ request_range: { key: b('a') } }] }, ok, ok],
  ['Txn that puts', 'KV/Txn', { success: [{ request_put: { key: b('a') } }] }, noSpace, corrupt],
  ['Txn that would put', 'KV/Txn', { failure: [{ request_put: { key: b('a') } }] }, noSpace, corrupt],
  ['Txn that deletes', 'KV/Txn', { success: [{ request_delete_range: { key: b('a') } }] }, ok, corrupt],
  ['LeaseGrant', 'Lease/LeaseGrant', { TTL: 60 }, noSpace, corrupt],
  ['LeaseRevoke', 'Lease/LeaseRevoke', { ID: 77 }, ok, corrupt],
  ['LeaseTimeToLive', 'Lease/LeaseTimeToLive', { ID: 77 }, ok, ok],
  ['UserList', 'Auth/UserList', {}, ok, ok],
  ['HashKV', 'Maintenance/HashKV', {}, ok, ok],
];

const alarmCases: Cases = Object.fromEntries(
  underAlarm.map(([what, method, request, withoutSpace, whenCorrupt]) => [
    `${what}, without space and in a corrupt cluster`,
    quiet(async (context) => {
      await context.grant(60, 77);
      const raised = async (alarm: NonNullable<IAlarmRequest['alarm']>) => {
        const asked: IAlarmRequest = { alarm, memberID: await memberId(context) };
        await context.call('Maintenance/Alarm', { ...asked, action: 'Activate' });
        const failure = await failureOf(context.call(method, request));
        await context.call('Maintenance/Alarm', { ...asked, action: 'Deactivate' });
        return failure;
      };
      expect([await raised('Corrupt'), await raised('Nospace')]).toEqual([whenCorrupt, withoutSpace]);
    }),
  ]),
);

export const maintenanceCases: Cases = {
  ...alarmCases,

  'MemberList tells of one member, with the address that clients use, at no revision': async (context) => {
    const { header, members } = await context.call('Cluster/MemberList', {});
    expect(header.revision).toBe('0');
    expect(members.length).toBe(1);
    const [member] = members;
    expect([member?.name, member?.clientURLs, member?.isLearner]).toEqual(['default', [context.server.hosts], false]);
    expect(member?.ID).toBe(header.member_id);
    expect(member?.peerURLs.length).toBe(1);
  },

  'MemberList is the same when asked for the newest': async (context) => {
    const lists = [
      await context.call('Cluster/MemberList', {}),
      await context.call('Cluster/MemberList', { linearizable: true }),
    ];
    expect(lists[0]?.members).toEqual(lists[1]?.members);
  },

  'a member that is not there cannot be removed, updated or promoted': async (context) => {
    const notFound = 'NOT_FOUND etcdserver: member not found';
    expect(await failureOf(context.call('Cluster/MemberRemove', { ID: 5 }))).toBe(notFound);
    expect(await failureOf(context.call('Cluster/MemberUpdate', { ID: 5, peerURLs: ['http://127.0.0.1:1'] }))).toBe(
      notFound,
    );
    expect(await failureOf(context.call('Cluster/MemberPromote', { ID: 5 }))).toBe(notFound);
  },

  'the last member cannot be removed or promoted': async (context) => {
    const ID = await memberId(context);
    expect(await failureOf(context.call('Cluster/MemberRemove', { ID }))).toBe(
      'UNKNOWN etcdserver: re-configuration failed due to not enough started members',
    );
    expect(await failureOf(context.call('Cluster/MemberPromote', { ID }))).toBe(
      'FAILED_PRECONDITION etcdserver: can only promote a learner member',
    );
  },

  'MemberAdd refuses an address that is none': async (context) => {
    for (const peerURLs of [['nonsense'], []]) {
      expect(await failureOf(context.call('Cluster/MemberAdd', { peerURLs }))).toBe(
        'INVALID_ARGUMENT etcdserver: given member URLs are invalid',
      );
    }
  },

  'MoveLeader moves it to nobody but the leader itself': async (context) => {
    await context.call('Maintenance/MoveLeader', { targetID: await memberId(context) });
    expect(await failureOf(context.call('Maintenance/MoveLeader', { targetID: 5 }))).toBe(
      'FAILED_PRECONDITION etcdserver: bad leader transferee',
    );
  },

  'Status tells of the version, the leader, and no errors': async (context) => {
    const status = await context.call('Maintenance/Status', {});
    expect(status).toMatchObject({ version: '3.4.23', raftTerm: '2', errors: [], isLearner: false });
    expect(status.leader).toBe(await memberId(context));
    expect(status.raftAppliedIndex).toBe(status.raftIndex);
    expect(Number(status.raftIndex)).toBeGreaterThan(3);
    expect(Number(status.dbSizeInUse)).toBeLessThanOrEqual(Number(status.dbSize));
  },

  'the raft index grows by one with each write, and with no read': async (context) => {
    const index = async () => Number((await context.call('Maintenance/Status', {})).raftIndex);
    const before = await index();
    await context.put('a');
    await context.range();
    await context.delete('a');
    await context.grant(60);
    expect((await index()) - before).toBe(3);
  },

  'alarms are raised, listed by type, and cleared': quiet(async (context) => {
    const ID = await memberId(context);
    const alarm = async (request: IAlarmRequest) => {
      const { alarms, header } = await context.call('Maintenance/Alarm', request);
      expect(header).toBeNull();
      return alarms.map((one) => `${one.memberID === ID ? 'me' : one.memberID} ${one.alarm}`);
    };
    expect(await alarm({})).toEqual([]);
    expect(await alarm({ action: 'Activate', alarm: 'Nospace', memberID: ID })).toEqual(['me Nospace']);
    expect(await alarm({ action: 'Activate', alarm: 'Nospace', memberID: ID })).toEqual(['me Nospace']);
    expect(await alarm({})).toEqual(['me Nospace']);
    expect(await alarm({ alarm: 'Nospace' })).toEqual(['me Nospace']);
    expect(await alarm({ alarm: 'Corrupt' })).toEqual([]);
    expect(await alarm({ action: 'Deactivate', alarm: 'Nospace', memberID: 5 })).toEqual([]);
    expect(await alarm({ action: 'Deactivate', alarm: 'Nospace', memberID: ID })).toEqual(['me Nospace']);
    expect(await alarm({ action: 'Deactivate', alarm: 'Nospace', memberID: ID })).toEqual([]);
  }),

  'Status tells of alarms': quiet(async (context) => {
    const ID = await memberId(context);
    await context.call('Maintenance/Alarm', { action: 'Activate', alarm: 'Nospace', memberID: ID });
    expect((await context.call('Maintenance/Status', {})).errors).toEqual([`memberID:${ID} alarm:NOSPACE `]);
  }),

  'an alarm of an unknown type is none of those that are raised': async (context) => {
    const { alarms } = await context.call('Maintenance/Alarm', withUnknown({}, { alarm: 9 }));
    expect(alarms).toEqual([]);
  },

  'without space a put is allowed that a txn hides in another': quiet(async (context) => {
    const request = { alarm: 'Nospace', memberID: await memberId(context) } as const;
    await context.call('Maintenance/Alarm', { ...request, action: 'Activate' });
    await context.call('KV/Txn', { success: [{ request_txn: { success: [{ request_put: { key: b('a') } }] } }] });
    expect(await context.contents()).toEqual(['a=']);
  }),

  'Defragment answers without a header': async (context) => {
    expect(await context.call('Maintenance/Defragment', {})).toEqual({ header: null });
  },

  'HashKV is the same for the same contents, and another for others': async (context) => {
    await context.put('a', '1');
    await context.put('a', '2');
    await context.call('KV/Compact', { revision: context.revision(1), physical: true });
    const hash = async (at = 0) =>
      context.call('Maintenance/HashKV', { revision: at === 0 ? 0 : context.revision(at) });
    const first = await hash();
    expect([context.at(first.header.revision), context.at(first.compact_revision)]).toEqual([2, 1]);
    expect((await hash(2)).hash).toBe(first.hash);
    await context.put('a', '3');
    expect((await hash()).hash).not.toBe(first.hash);
    expect((await hash(2)).hash).toBe(first.hash);
    expect(await failureOf(hash(1))).toBe('OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted');
    expect(await failureOf(hash(4))).toBe('OUT_OF_RANGE etcdserver: mvcc: required revision is a future revision');
  },

  'Hash answers with a number': async (context) => {
    const { hash, header } = await context.call('Maintenance/Hash', {});
    expect(hash).toBeGreaterThan(0);
    expect(context.at(header.revision)).toBe(0);
  },

  'what no service has is not implemented': async (context) => {
    const call = context.raw.callUnknown('/etcdserverpb.KV/RangeStream');
    expect(await failureOf(call)).toMatch(/^UNIMPLEMENTED /);
    expect(await failureOf(context.raw.callUnknown('/nobody.Knows/This'))).toMatch(/^UNIMPLEMENTED /);
  },

  'the server takes a request of any size that gRPC lets through to read': async (context) => {
    const { count } = await context.call('KV/Range', { key: Buffer.alloc(2_000_000) });
    expect(count).toBe('0');
  },

  'plain HTTP is told on the same port whether the server is well, and its version': quiet(async (context) => {
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`${context.server.hosts}${path}`, { method });
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    const text = 'text/plain; charset=utf-8';
    expect(await ask('/health')).toEqual([200, text, '{"health":"true"}']);
    expect(await ask('/health', 'POST')).toEqual([405, text, 'Method Not Allowed\n']);
    expect(await ask('/version')).toEqual([200, 'application/json', '{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}']);
    expect(await ask('/nothing')).toEqual([404, text, '404 page not found\n']);
    const alarm = { alarm: 'Nospace', memberID: await memberId(context) } as const;
    await context.call('Maintenance/Alarm', { ...alarm, action: 'Activate' });
    expect(await ask('/health')).toEqual([503, text, '{"health":"false"}\n']);
  }),

  'a large answer comes whole': async (context) => {
    const value = Buffer.alloc(1_000_000);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await context.call('KV/Put', { key: b(key), value });
    expect((await context.call('KV/Range', everything)).kvs.length).toBe(6);
  },
};
