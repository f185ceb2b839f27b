import type { ICompare, IDeleteRangeRequest, IPutRequest, IRangeRequest, IRequestOp, IWatchCreateRequest } from 'etcd3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Context, type TestServer } from './contract/context.ts';
import { moved, shown } from './contract/histories.ts';
import { failureOf, type Methods, type RawClient } from './contract/raw-client.ts';
import { onBoth } from './contract/on-both.ts';

/** How many random histories to compare: `DIFFERENTIAL_RUNS=1000 npm run test:integration -- differential-auth` for a long look. */
const runs = Number(process.env['DIFFERENTIAL_RUNS'] ?? 50);

/** Who calls: with the newest token of a user, if it has one, with one that stands for nobody, or with none. */
type Who = 'nobody' | 'root' | 'stranger' | 'u' | 'v';

interface Call {
  readonly who: Who;
  readonly method: keyof Methods;
  readonly request: Methods[keyof Methods][0];
}

interface Watch {
  readonly who: Who;
  readonly method: 'watch';
  readonly request: IWatchCreateRequest;
}

type Step = Call | Watch;

const bytes = (...texts: string[]): fc.Arbitrary<Buffer> =>
  fc.constantFrom(...texts).map((text) => Buffer.from(text, 'latin1'));

const key = bytes('a', 'a', 'b', 'ba', 'c', '\0');
// Left out are two ends that an etcd 3.4 checks the first key alone for, and then gives everything from there on: an empty one that
// is sent all the same for a read, and a zero byte for a watch. No permission that is denied here was meant to be given.
const readEnd = bytes('\0', 'b', 'c', 'd', 'a');
const watchEnd = bytes('', 'b', 'c', 'd', 'a');
const end = bytes('', '', '\0', 'b', 'c', 'd', 'a');
const user = fc.constantFrom('root', 'u', 'u', 'v', '');
const role = fc.constantFrom('root', 'r', 'r', 's', '');
const password = fc.constantFrom('p', 'p', 'q', '');
const who = fc.constantFrom<Who>('root', 'root', 'root', 'root', 'u', 'u', 'u', 'u', 'v', 'nobody', 'stranger');
const lease = fc.constantFrom(0, 7, 8, 9);
const none = fc.constant({});

const permission = fc.record({
  permType: fc.constantFrom('Read', 'Write', 'Readwrite'),
  key: bytes('a', 'a', 'b', 'c', '', '\0'),
  range_end: end,
});
const put: fc.Arbitrary<IPutRequest> = fc.record({ key, value: bytes('x', 'y'), lease, prev_kv: fc.boolean() });
const range: fc.Arbitrary<IRangeRequest> = fc.record(
  { key, range_end: readEnd, serializable: fc.boolean() },
  { requiredKeys: ['key'] },
);
const remove: fc.Arbitrary<IDeleteRangeRequest> = fc.record({ key, range_end: end, prev_kv: fc.boolean() });
const compare: fc.Arbitrary<ICompare> = fc.record(
  {
    key,
    range_end: readEnd,
    result: fc.constant('Greater' as const),
    target: fc.constant('Version' as const),
    version: fc.constant(0),
  },
  { requiredKeys: ['key'] },
);
const operation: fc.Arbitrary<IRequestOp> = fc.oneof(
  put.map((request_put): IRequestOp => ({ request_put })),
  range.map((request_range): IRequestOp => ({ request_range })),
  remove.map((request_delete_range): IRequestOp => ({ request_delete_range })),
  put.map((request_put): IRequestOp => ({ request_txn: { compare: [], success: [{ request_put }], failure: [] } })),
);
const operations = fc.array(operation, { maxLength: 2 });
// Root always has a password: without one nobody could disable auth again.
const newUser = fc
  .record({ name: user, password, no_password: fc.boolean() })
  .map(({ no_password, ...rest }) =>
    no_password && rest.name !== 'root' ? { ...rest, options: { no_password } } : rest,
  );

function call<M extends keyof Methods>(
  weight: number,
  method: M,
  request: fc.Arbitrary<Methods[M][0]>,
): { weight: number; arbitrary: fc.Arbitrary<Step> } {
  return { weight, arbitrary: fc.tuple(who, request).map(([by, one]): Call => ({ who: by, method, request: one })) };
}

const watching = fc.record({
  who,
  method: fc.constant('watch' as const),
  request: fc.record({ key, range_end: watchEnd }),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  call(2, 'Auth/UserAdd', newUser),
  call(1, 'Auth/UserDelete', fc.record({ name: user })),
  call(1, 'Auth/UserChangePassword', fc.record({ name: user, password })),
  call(2, 'Auth/UserGet', fc.record({ name: user })),
  call(1, 'Auth/UserList', none),
  call(3, 'Auth/UserGrantRole', fc.record({ user, role })),
  call(1, 'Auth/UserRevokeRole', fc.record({ name: user, role })),
  call(2, 'Auth/RoleAdd', fc.record({ name: role })),
  call(1, 'Auth/RoleDelete', fc.record({ role })),
  call(2, 'Auth/RoleGet', fc.record({ role })),
  call(1, 'Auth/RoleList', none),
  call(6, 'Auth/RoleGrantPermission', fc.record({ name: role, perm: permission })),
  call(2, 'Auth/RoleRevokePermission', fc.record({ role, key, range_end: end })),
  call(2, 'Auth/AuthEnable', none),
  call(1, 'Auth/AuthDisable', none),
  call(4, 'Auth/Authenticate', fc.record({ name: user, password })),
  call(4, 'KV/Put', put),
  call(4, 'KV/Range', range),
  call(3, 'KV/DeleteRange', remove),
  call(
    4,
    'KV/Txn',
    fc.record({ compare: fc.array(compare, { maxLength: 2 }), success: operations, failure: operations }),
  ),
  call(1, 'KV/Compact', fc.record({ revision: fc.integer({ min: 1, max: 4 }) })),
  call(1, 'Lease/LeaseGrant', fc.record({ ID: fc.constantFrom(7, 8), TTL: fc.constant(600) })),
  call(2, 'Lease/LeaseRevoke', fc.record({ ID: lease })),
  call(1, 'Lease/LeaseTimeToLive', fc.record({ ID: lease, keys: fc.boolean() })),
  call(1, 'Maintenance/Defragment', none),
  call(1, 'Maintenance/HashKV', none),
  call(1, 'Maintenance/Alarm', fc.constant({ action: 'Get' as const })),
  call(1, 'Cluster/MemberRemove', fc.constant({ ID: 1 })),
  { weight: 3, arbitrary: watching },
);

/** Root, and a user with a role that lets it do nothing yet. */
const beginning: readonly Step[] = [
  { who: 'nobody', method: 'Auth/UserAdd', request: { name: 'root', password: 'p' } },
  { who: 'nobody', method: 'Auth/UserGrantRole', request: { user: 'root', role: 'root' } },
  { who: 'nobody', method: 'Auth/UserAdd', request: { name: 'u', password: 'p' } },
  { who: 'nobody', method: 'Auth/RoleAdd', request: { name: 'r' } },
  { who: 'nobody', method: 'Auth/UserGrantRole', request: { user: 'u', role: 'r' } },
  { who: 'nobody', method: 'Lease/LeaseGrant', request: { ID: 7, TTL: 600 } },
];
const enabling: readonly Step[] = [
  { who: 'nobody', method: 'Auth/AuthEnable', request: {} },
  { who: 'nobody', method: 'Auth/Authenticate', request: { name: 'root', password: 'p' } },
  { who: 'nobody', method: 'Auth/Authenticate', request: { name: 'u', password: 'p' } },
];

async function play(server: TestServer, steps: readonly Step[]): Promise<unknown[]> {
  const context = new Context(server);
  const clients = new Map<string, RawClient>([['stranger', context.client({ token: 'nonsense' })]]);
  try {
    await context.begin();
    const base = context.revision(0);
    const seen: unknown[] = [];
    for (const { who: by, method, request } of steps) {
      const client = clients.get(by) ?? context.raw;
      if (method === 'watch') {
        const stream = context.stream('Watch/Watch', client);
        stream.write({ create_request: request });
        seen.push(shown(await stream.next(), base));
        continue;
      }
      const answer = client.call(method, moved(request, base));
      const failure = await failureOf(answer);
      seen.push(failure === 'no failure' ? shown(await answer, base) : failure);
      const given = failure === 'no failure' ? await answer : {};
      if ('token' in given && 'name' in request) {
        clients.set(String(request.name), context.client({ token: String(given.token) }));
      }
    }
    return seen;
  } finally {
    await removeAuth(context);
    context.end();
  }
}

/** Deletes all users and roles, whatever the password of root has become. */
async function removeAuth(context: Context): Promise<void> {
  for (const one of ['p', 'q', '']) {
    const answer = context.call('Auth/Authenticate', { name: 'root', password: one });
    if ((await failureOf(answer)) !== 'no failure') continue;
    const { token } = await answer;
    await context.client({ token }).call('Auth/AuthDisable', {});
  }
  for (const name of (await context.call('Auth/UserList', {})).users) await context.call('Auth/UserDelete', { name });
  for (const one of (await context.call('Auth/RoleList', {})).roles)
    await context.call('Auth/RoleDelete', { role: one });
}

onBoth('users and roles have the same answers here and on a real etcd', (servers) => {
  test(
    `${runs} histories of up to 30 steps`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 30, size: 'max' }), async (enabled, more) => {
          const steps = [...beginning, ...(enabled ? enabling : []), ...more];
          const [embedded, real] = await Promise.all(servers.map((server) => play(server, steps)));
          expect(embedded).toEqual(real);
        }),
        { numRuns: runs },
      );
    },
    60_000 + runs * 1000,
  );
});
