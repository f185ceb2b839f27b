import type { IPermission } from 'etcd3';
import { expect } from 'vitest';
import { b, type Cases, type Context, everything } from './context.ts';
import { failureOf, type Methods, type RawClient } from './raw-client.ts';

const userEmpty = 'INVALID_ARGUMENT etcdserver: user name is empty';
const denied = 'PERMISSION_DENIED etcdserver: permission denied';
const invalidToken = 'UNAUTHENTICATED etcdserver: invalid auth token';
const userNotFound = 'FAILED_PRECONDITION etcdserver: user name not found';
const roleNotFound = 'FAILED_PRECONDITION etcdserver: role name not found';
const authFailed = 'INVALID_ARGUMENT etcdserver: authentication failed, invalid user ID or password';
const invalidManagement = 'INVALID_ARGUMENT etcdserver: invalid auth management';

/** Who may call while auth is enabled. */
interface Callers {
  readonly root: RawClient;
  /** May read and write `a`, read from `b` up to `d` and from `x` on, and write `w`. */
  readonly user: RawClient;
  /** Sends no token. */
  readonly nobody: RawClient;
  /** Sends a token that stands for nobody. */
  readonly stranger: RawClient;
}

const permissions: readonly [IPermission['permType'], key: string, rangeEnd: string][] = [
  ['Readwrite', 'a', ''],
  ['Read', 'b', 'c'],
  ['Read', 'c', 'd'],
  ['Write', 'w', ''],
  ['Read', 'x', '\0'],
];

function permission(permType: IPermission['permType'], key: string, rangeEnd = ''): IPermission {
  return { permType, key: b(key), range_end: b(rangeEnd) };
}

async function addRootAndUser(context: Context): Promise<void> {
  await context.call('Auth/UserAdd', { name: 'root', password: 'root password' });
  await context.call('Auth/UserGrantRole', { user: 'root', role: 'root' });
  await context.call('Auth/UserAdd', { name: 'user', password: 'user password' });
  await context.call('Auth/RoleAdd', { name: 'role' });
  for (const [permType, key, rangeEnd] of permissions) {
    await context.call('Auth/RoleGrantPermission', { name: 'role', perm: permission(permType, key, rangeEnd) });
  }
  await context.call('Auth/UserGrantRole', { user: 'user', role: 'role' });
}

async function logIn(context: Context, name: string, password = `${name} password`): Promise<RawClient> {
  const { token } = await context.call('Auth/Authenticate', { name, password });
  return context.client({ token });
}

/** Deletes all users and roles, whether auth is enabled or not. */
async function removeAuth(context: Context): Promise<void> {
  if ((await failureOf(context.call('Auth/UserList', {}))) !== 'no failure') {
    const root = await logIn(context, 'root');
    await root.call('Auth/AuthDisable', {});
  }
  const { users } = await context.call('Auth/UserList', {});
  for (const name of users) await context.call('Auth/UserDelete', { name });
  const { roles } = await context.call('Auth/RoleList', {});
  for (const role of roles) await context.call('Auth/RoleDelete', { role });
}

/** Runs a case, and leaves no users and roles. */
function clean(run: (context: Context) => Promise<void>): (context: Context) => Promise<void> {
  return async (context) => {
    try {
      await run(context);
    } finally {
      await removeAuth(context);
    }
  };
}

/** Runs a case with auth enabled, over keys `a` and `w`, and `s` under lease 77. */
function enabled(run: (callers: Callers, context: Context) => Promise<void>): (context: Context) => Promise<void> {
  return clean(async (context) => {
    await addRootAndUser(context);
    await context.put('a', '1');
    await context.put('w', '1');
    await context.grant(60, 77);
    await context.grant(60, 78);
    await context.put('s', 'secret', { lease: 77 });
    await context.call('Auth/AuthEnable', {});
    const callers = {
      root: await logIn(context, 'root'),
      user: await logIn(context, 'user'),
      nobody: context.raw,
      stranger: context.client({ token: 'nonsense' }),
    };
    await run(callers, context);
  });
}

/** A call, and what becomes of it when made by nobody, a stranger, the user and root. */
type CallRow = {
  [M in keyof Methods]: [
    what: string,
    method: M,
    request: Methods[M][0],
    nobody: string,
    stranger: string,
    user: string,
  ];
}[keyof Methods];

const ok = 'no failure';

const onlyRoot: readonly [keyof Methods, object][] = [
  ['Auth/AuthEnable', {}],
  ['Auth/UserList', {}],
  ['Auth/RoleList', {}],
  ['Auth/UserAdd', { name: 'new', password: 'x' }],
  ['Auth/UserChangePassword', { name: 'user', password: 'user password' }],
  ['Auth/UserGrantRole', { user: 'user', role: 'role' }],
  ['Auth/RoleAdd', { name: 'new' }],
  ['Auth/RoleGrantPermission', { name: 'role', perm: permission('Read', 't') }],
  ['Auth/RoleRevokePermission', { role: 'role', key: b('w') }],
  ['Auth/UserRevokeRole', { name: 'user', role: 'role' }],
  ['Auth/RoleDelete', { role: 'role' }],
  ['Auth/UserDelete', { name: 'user' }],
  ['Auth/AuthDisable', {}],
];

const onlyRootCases: Cases = Object.fromEntries(
  onlyRoot.map(([method, request]) => [
    `${method.replace('Auth/', '')} is for root alone`,
    enabled(async ({ root, user, nobody, stranger }) => {
      expect(await failureOf(nobody.call(method, request))).toBe(userEmpty);
      expect(await failureOf(stranger.call(method, request))).toBe(invalidToken);
      expect(await failureOf(user.call(method, request))).toBe(denied);
      expect(await failureOf(root.call(method, request))).toBe(ok);
    }),
  ]),
);

/** What the maintenance service says: it forgets to translate the errors of the auth store. */
const bare = (text: string): string => `UNKNOWN auth: ${text}`;
const bareNobody = bare('user name is empty');
const bareStranger = bare('invalid auth token');
const bareDenied = bare('permission denied');

const calls: readonly CallRow[] = [
  ['Range of a key', 'KV/Range', { key: b('a') }, userEmpty, invalidToken, ok],
  ['Range of a key that may be written only', 'KV/Range', { key: b('w') }, userEmpty, invalidToken, denied],
  ['Range of a key of others', 'KV/Range', { key: b('s') }, userEmpty, invalidToken, denied],
  ['Range over two permissions', 'KV/Range', { key: b('b'), range_end: b('d') }, userEmpty, invalidToken, ok],
  ['Range beyond them', 'KV/Range', { key: b('b'), range_end: b('e') }, userEmpty, invalidToken, denied],
  ['Range within one without an end', 'KV/Range', { key: b('y'), range_end: b('z') }, userEmpty, invalidToken, ok],
  [
    'Range to the end of one without an end',
    'KV/Range',
    { key: b('x'), range_end: b('\0') },
    userEmpty,
    invalidToken,
    ok,
  ],
  ['Range of all keys', 'KV/Range', everything, userEmpty, invalidToken, denied],
  ['Range of no keys', 'KV/Range', { key: b('d'), range_end: b('b') }, userEmpty, invalidToken, denied],
  ['Range of the past', 'KV/Range', { key: b('a'), serializable: true }, userEmpty, invalidToken, ok],
  ['Put', 'KV/Put', { key: b('a') }, userEmpty, invalidToken, ok],
  ['Put of a key that may be read only', 'KV/Put', { key: b('b') }, userEmpty, invalidToken, denied],
  ['Put of a key that may be written only', 'KV/Put', { key: b('w') }, userEmpty, invalidToken, ok],
  [
    'Put that gives back what it may not read',
    'KV/Put',
    { key: b('w'), prev_kv: true },
    userEmpty,
    invalidToken,
    denied,
  ],
  ['Put that keeps the value', 'KV/Put', { key: b('w'), ignore_value: true }, userEmpty, invalidToken, ok],
  ['Put under the lease of others', 'KV/Put', { key: b('a'), lease: 77 }, userEmpty, invalidToken, denied],
  ['Put under a lease without keys', 'KV/Put', { key: b('a'), lease: 78 }, userEmpty, invalidToken, ok],
  ['DeleteRange', 'KV/DeleteRange', { key: b('a') }, userEmpty, invalidToken, ok],
  ['DeleteRange beyond the key', 'KV/DeleteRange', { key: b('a'), range_end: b('b') }, userEmpty, invalidToken, denied],
  ['DeleteRange that gives back', 'KV/DeleteRange', { key: b('w'), prev_kv: true }, userEmpty, invalidToken, denied],
  ['Txn without anything', 'KV/Txn', {}, ok, invalidToken, ok],
  ['Txn that reads', 'KV/Txn', { success: [{ request_range: { key: b('a') } }] }, userEmpty, invalidToken, ok],
  [
    'Txn that reads others',
    'KV/Txn',
    { success: [{ request_range: { key: b('s') } }] },
    userEmpty,
    invalidToken,
    denied,
  ],
  [
    'Txn that would read others',
    'KV/Txn',
    { success: [{ request_range: { key: b('a') } }], failure: [{ request_range: { key: b('s') } }] },
    userEmpty,
    invalidToken,
    denied,
  ],
  [
    'Txn that would write others',
    'KV/Txn',
    { failure: [{ request_put: { key: b('s') } }] },
    userEmpty,
    invalidToken,
    denied,
  ],
  ['Txn that compares others', 'KV/Txn', { compare: [{ key: b('s') }] }, userEmpty, invalidToken, denied],
  ['Txn that writes', 'KV/Txn', { success: [{ request_put: { key: b('w') } }] }, userEmpty, invalidToken, ok],
  [
    'Txn that writes and gives back what it may not read',
    'KV/Txn',
    { success: [{ request_put: { key: b('w'), prev_kv: true } }] },
    userEmpty,
    invalidToken,
    ok,
  ],
  [
    'Txn that deletes and gives back what it may not read',
    'KV/Txn',
    { success: [{ request_delete_range: { key: b('w'), prev_kv: true } }] },
    userEmpty,
    invalidToken,
    denied,
  ],
  [
    'Txn with others inside another',
    'KV/Txn',
    { success: [{ request_txn: { success: [{ request_range: { key: b('s') } }] } }] },
    ok,
    invalidToken,
    ok,
  ],
  ['LeaseGrant', 'Lease/LeaseGrant', { TTL: 60 }, ok, invalidToken, ok],
  [
    'LeaseRevoke of a lease without keys',
    'Lease/LeaseRevoke',
    { ID: 78 },
    ok,
    invalidToken,
    'NOT_FOUND etcdserver: requested lease not found',
  ],
  ['LeaseRevoke of a lease of others', 'Lease/LeaseRevoke', { ID: 77 }, userEmpty, invalidToken, denied],
  ['LeaseTimeToLive', 'Lease/LeaseTimeToLive', { ID: 77, keys: true }, ok, ok, ok],
  ['LeaseLeases', 'Lease/LeaseLeases', {}, ok, ok, ok],
  ['UserGet of oneself', 'Auth/UserGet', { name: 'user' }, userEmpty, invalidToken, ok],
  ['UserGet of another', 'Auth/UserGet', { name: 'root' }, userEmpty, invalidToken, denied],
  ['RoleGet of a role one has', 'Auth/RoleGet', { role: 'role' }, userEmpty, invalidToken, ok],
  ['RoleGet of another', 'Auth/RoleGet', { role: 'root' }, userEmpty, invalidToken, denied],
  ['MemberList', 'Cluster/MemberList', {}, ok, ok, ok],
  ['MemberAdd', 'Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:1'] }, userEmpty, invalidToken, denied],
  ['MemberRemove', 'Cluster/MemberRemove', { ID: 5 }, userEmpty, invalidToken, denied],
  ['Status', 'Maintenance/Status', {}, ok, ok, ok],
  ['Alarm', 'Maintenance/Alarm', {}, ok, bareStranger, ok],
  ['Defragment', 'Maintenance/Defragment', {}, bareNobody, bareStranger, bareDenied],
  ['Hash', 'Maintenance/Hash', {}, bareNobody, bareStranger, bareDenied],
  ['HashKV', 'Maintenance/HashKV', {}, bareNobody, bareStranger, bareDenied],
];

const callCases: Cases = Object.fromEntries(
  calls.map(([what, method, request, ...expected]) => [
    `${what}, by nobody, a stranger and the user`,
    enabled(async ({ nobody, stranger, user }) => {
      const failures: string[] = [];
      for (const client of [nobody, stranger, user]) failures.push(await failureOf(client.call(method, request)));
      expect(failures).toEqual(expected);
    }),
  ]),
);

export const authCases: Cases = {
  'AuthEnable needs a root user with the root role': clean(async (context) => {
    const enable = () => failureOf(context.call('Auth/AuthEnable', {}));
    expect(await enable()).toBe('FAILED_PRECONDITION etcdserver: root user does not exist');
    await context.call('Auth/UserAdd', { name: 'root', password: 'root password' });
    expect(await enable()).toBe('FAILED_PRECONDITION etcdserver: root user does not have root role');
    await context.call('Auth/UserGrantRole', { user: 'root', role: 'root' });
    expect(await enable()).toBe(ok);
  }),

  'without auth nobody can log in, and disabling it does no harm': clean(async (context) => {
    const call = context.call('Auth/Authenticate', { name: 'root', password: 'x' });
    expect(await failureOf(call)).toBe('FAILED_PRECONDITION etcdserver: authentication is not enabled');
    await context.call('Auth/AuthDisable', {});
  }),

  'without auth a token is refused all the same': clean(async (context) => {
    const stranger = context.client({ token: 'nonsense' });
    expect(await failureOf(stranger.call('KV/Range', { key: b('a') }))).toBe(invalidToken);
    expect(await failureOf(stranger.call('KV/Put', { key: b('a') }))).toBe(invalidToken);
    const stream = context.stream('Watch/Watch', stranger);
    stream.write({ create_request: { key: b('a') } });
    const { canceled, cancel_reason } = await stream.next();
    expect([canceled, cancel_reason]).toEqual([
      true,
      'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token',
    ]);
  }),

  'users are added once, and listed by name': clean(async (context) => {
    for (const name of ['zoe', 'adam']) await context.call('Auth/UserAdd', { name, password: 'x' });
    expect((await context.call('Auth/UserList', {})).users).toEqual(['adam', 'zoe']);
    expect(await failureOf(context.call('Auth/UserAdd', { name: 'zoe', password: 'x' }))).toBe(
      'FAILED_PRECONDITION etcdserver: user name already exists',
    );
    expect(await failureOf(context.call('Auth/UserAdd', { name: '', password: 'x' }))).toBe(userEmpty);
  }),

  'a user that is not there has no roles, no password and no end': clean(async (context) => {
    await context.call('Auth/RoleAdd', { name: 'role' });
    for (const call of [
      () => context.call('Auth/UserGet', { name: 'zoe' }),
      () => context.call('Auth/UserDelete', { name: 'zoe' }),
      () => context.call('Auth/UserChangePassword', { name: 'zoe', password: 'x' }),
      () => context.call('Auth/UserGrantRole', { user: 'zoe', role: 'role' }),
      () => context.call('Auth/UserRevokeRole', { name: 'zoe', role: 'role' }),
    ]) {
      expect(await failureOf(call())).toBe(userNotFound);
    }
  }),

  'roles are added once, and listed by name': clean(async (context) => {
    for (const name of ['writer', 'reader']) await context.call('Auth/RoleAdd', { name });
    expect((await context.call('Auth/RoleList', {})).roles).toEqual(['reader', 'writer']);
    expect(await failureOf(context.call('Auth/RoleAdd', { name: 'reader' }))).toBe(
      'FAILED_PRECONDITION etcdserver: role name already exists',
    );
    expect(await failureOf(context.call('Auth/RoleAdd', { name: '' }))).toBe(
      'INVALID_ARGUMENT etcdserver: role name is empty',
    );
  }),

  'a role that is not there cannot be used': clean(async (context) => {
    await context.call('Auth/UserAdd', { name: 'zoe', password: 'x' });
    for (const call of [
      () => context.call('Auth/RoleGet', { role: 'role' }),
      () => context.call('Auth/RoleDelete', { role: 'role' }),
      () => context.call('Auth/UserGrantRole', { user: 'zoe', role: 'role' }),
      () => context.call('Auth/RoleGrantPermission', { name: 'role', perm: permission('Read', 'a') }),
      () => context.call('Auth/RoleRevokePermission', { role: 'role', key: b('a') }),
    ]) {
      expect(await failureOf(call())).toBe(roleNotFound);
    }
  }),

  'roles are granted to a user, sorted, and taken away': clean(async (context) => {
    await context.call('Auth/UserAdd', { name: 'zoe', password: 'x' });
    for (const role of ['writer', 'reader']) {
      await context.call('Auth/RoleAdd', { name: role });
      await context.call('Auth/UserGrantRole', { user: 'zoe', role });
      await context.call('Auth/UserGrantRole', { user: 'zoe', role });
    }
    const roles = async () => (await context.call('Auth/UserGet', { name: 'zoe' })).roles;
    expect(await roles()).toEqual(['reader', 'writer']);
    await context.call('Auth/UserRevokeRole', { name: 'zoe', role: 'reader' });
    expect(await roles()).toEqual(['writer']);
    expect(await failureOf(context.call('Auth/UserRevokeRole', { name: 'zoe', role: 'reader' }))).toBe(
      'FAILED_PRECONDITION etcdserver: role is not granted to the user',
    );
  }),

  'a role that is deleted is taken from its users': clean(async (context) => {
    await context.call('Auth/UserAdd', { name: 'zoe', password: 'x' });
    await context.call('Auth/RoleAdd', { name: 'reader' });
    await context.call('Auth/UserGrantRole', { user: 'zoe', role: 'reader' });
    await context.call('Auth/RoleDelete', { role: 'reader' });
    expect((await context.call('Auth/UserGet', { name: 'zoe' })).roles).toEqual([]);
  }),

  'permissions are listed by key, one for each range': clean(async (context) => {
    await context.call('Auth/RoleAdd', { name: 'role' });
    const grant = (...[permType, key, rangeEnd]: [IPermission['permType'], string, string?]) =>
      context.call('Auth/RoleGrantPermission', { name: 'role', perm: permission(permType, key, rangeEnd) });
    await grant('Read', 'c', 'd');
    await grant('Write', 'a');
    await grant('Write', 'c', 'd');
    await grant('Readwrite', 'b', '\0');
    await grant('Read', 'z', 'y');
    const { perm } = await context.call('Auth/RoleGet', { role: 'role' });
    expect(perm.map(({ permType, key, range_end }) => `${permType} ${String(key)}-${String(range_end)}`)).toEqual([
      'Write a-',
      'Readwrite b-\0',
      'Write c-d',
      'Read z-y',
    ]);
  }),

  'a permission is taken away by its range': clean(async (context) => {
    await context.call('Auth/RoleAdd', { name: 'role' });
    await context.call('Auth/RoleGrantPermission', { name: 'role', perm: permission('Read', 'a', 'b') });
    const revoke = (key: string, rangeEnd = '') =>
      failureOf(context.call('Auth/RoleRevokePermission', { role: 'role', key: b(key), range_end: b(rangeEnd) }));
    const notGranted = 'FAILED_PRECONDITION etcdserver: permission is not granted to the role';
    expect([await revoke('a'), await revoke('a', 'c'), await revoke('a', 'b'), await revoke('a', 'b')]).toEqual([
      notGranted,
      notGranted,
      ok,
      notGranted,
    ]);
  }),

  'Authenticate needs the right name and password': enabled(async (_callers, context) => {
    const attempt = (name: string, password: string) =>
      failureOf(context.call('Auth/Authenticate', { name, password }));
    expect(await attempt('user', 'user password')).toBe(ok);
    expect(await attempt('user', 'wrong')).toBe(authFailed);
    expect(await attempt('user', '')).toBe(authFailed);
    expect(await attempt('zoe', 'wrong')).toBe(authFailed);
    expect(await attempt('', '')).toBe(authFailed);
  }),

  'Authenticate refuses a token that stands for nobody, once the password is right': enabled(async ({ stranger }) => {
    const attempt = (password: string) => failureOf(stranger.call('Auth/Authenticate', { name: 'user', password }));
    expect(await attempt('wrong')).toBe(authFailed);
    expect(await attempt('user password')).toBe(invalidToken);
  }),

  'who has not said who they are is the user without a name': enabled(async ({ nobody, user }) => {
    expect(await failureOf(nobody.call('Auth/UserGet', { name: '' }))).toBe(userNotFound);
    expect(await failureOf(user.call('Auth/UserGet', { name: '' }))).toBe(denied);
  }),

  'a range that ends before it begins takes a permission for its first key': enabled(async ({ user }) => {
    for (const rangeEnd of ['a', 'A']) {
      expect((await user.call('KV/Range', { key: b('a'), range_end: b(rangeEnd) })).count).toBe('0');
      expect(await failureOf(user.call('KV/Range', { key: b('s'), range_end: b(rangeEnd) }))).toBe(denied);
    }
  }),

  'a permission for an empty key lets nobody do anything': enabled(async ({ root, user }) => {
    for (const rangeEnd of ['', '\0', 'z']) {
      await root.call('Auth/RoleGrantPermission', { name: 'role', perm: permission('Readwrite', '', rangeEnd) });
    }
    expect(await failureOf(user.call('KV/Range', { key: b('s') }))).toBe(denied);
    expect(await failureOf(user.call('KV/Range', everything))).toBe(denied);
  }),

  'a user may have an empty password, or none': enabled(async ({ root }, context) => {
    await root.call('Auth/UserAdd', { name: 'empty', password: '' });
    await root.call('Auth/UserAdd', { name: 'none', options: { no_password: true } });
    const attempt = (name: string) => failureOf(context.call('Auth/Authenticate', { name, password: '' }));
    expect(await attempt('empty')).toBe(ok);
    expect(await attempt('none')).toBe('UNKNOWN auth: authentication failed, password was given for no password user');
  }),

  'root may do everything': enabled(async ({ root }) => {
    expect((await root.call('KV/Range', everything)).count).toBe('3');
    await root.call('Maintenance/Defragment', {});
    await root.call('Lease/LeaseRevoke', { ID: 77 });
    expect((await root.call('KV/Range', everything)).count).toBe('2');
  }),

  'what a request lacks is said before who asks': enabled(async ({ nobody }) => {
    expect(await failureOf(nobody.call('KV/Range', {}))).toBe('INVALID_ARGUMENT etcdserver: key is not provided');
  }),

  'leases are kept alive whoever asks': enabled(async ({ nobody, stranger }, context) => {
    for (const client of [nobody, stranger]) {
      const stream = context.stream('Lease/LeaseKeepAlive', client);
      stream.write({ ID: 77 });
      expect((await stream.next()).TTL).toBe('60');
    }
  }),

  'Compact asks nobody for permission, but a token must be good': enabled(async ({ nobody, stranger }, context) => {
    const request = { revision: context.revision(2) };
    expect(await failureOf(stranger.call('KV/Compact', request))).toBe(invalidToken);
    expect(await failureOf(nobody.call('KV/Compact', request))).toBe(ok);
  }),

  'a watch is refused to those who may not read': enabled(async ({ nobody, stranger, user }, context) => {
    const reason = async (client: RawClient, key: string, rangeEnd?: string) => {
      const stream = context.stream('Watch/Watch', client);
      stream.write({
        create_request: { key: b(key), watch_id: 4, ...(rangeEnd !== undefined && { range_end: b(rangeEnd) }) },
      });
      const { created, canceled, watch_id, cancel_reason } = await stream.next();
      return [created, canceled, watch_id, cancel_reason];
    };
    const refused = (text: string) => [true, true, '-1', `rpc error: code = ${text}`];
    expect(await reason(user, 'a')).toEqual([true, false, '4', '']);
    expect(await reason(user, 'b', 'd')).toEqual([true, false, '4', '']);
    expect(await reason(user, 'x', '\0')).toEqual([true, false, '4', '']);
    const noPermission = refused('PermissionDenied desc = etcdserver: permission denied');
    expect(await reason(user, 'w')).toEqual(noPermission);
    expect(await reason(user, 's')).toEqual(noPermission);
    expect(await reason(user, '')).toEqual(noPermission);
    expect(await reason(nobody, 'a')).toEqual(refused('InvalidArgument desc = etcdserver: user name is empty'));
    expect(await reason(stranger, 'a')).toEqual(refused('Unauthenticated desc = etcdserver: invalid auth token'));
  }),

  'a stream goes on after a watch on it was refused': enabled(async ({ root, user }, context) => {
    const stream = context.stream('Watch/Watch', user);
    stream.write({ create_request: { key: b('a') } });
    stream.write({ create_request: { key: b('s') } });
    stream.write({ create_request: { key: b('a') } });
    const answers = [await stream.next(), await stream.next(), await stream.next()];
    expect(answers.map(({ watch_id, canceled }) => [watch_id, canceled])).toEqual([
      ['0', false],
      ['-1', true],
      ['1', false],
    ]);
    await root.call('KV/Put', { key: b('a'), value: b('2') });
    expect((await stream.next()).events.length).toBe(1);
  }),

  'a watch goes on when its permission is taken away': enabled(async ({ root, user }, context) => {
    const stream = context.stream('Watch/Watch', user);
    stream.write({ create_request: { key: b('a') } });
    await stream.next();
    await root.call('Auth/UserRevokeRole', { name: 'user', role: 'role' });
    await root.call('KV/Put', { key: b('a'), value: b('2') });
    expect((await stream.next()).events.length).toBe(1);
    expect(await failureOf(user.call('KV/Range', { key: b('a') }))).toBe(denied);
  }),

  'permissions follow the roles of a user and the permissions of a role': enabled(async ({ root, user }) => {
    const read = () => failureOf(user.call('KV/Range', { key: b('a') }));
    await root.call('Auth/UserRevokeRole', { name: 'user', role: 'role' });
    expect(await read()).toBe(denied);
    await root.call('Auth/UserGrantRole', { user: 'user', role: 'role' });
    expect(await read()).toBe(ok);
    await root.call('Auth/RoleRevokePermission', { role: 'role', key: b('a') });
    expect(await read()).toBe(denied);
  }),

  'a new password ends the tokens of the old one': enabled(async ({ root, user }, context) => {
    await root.call('Auth/UserChangePassword', { name: 'user', password: 'new' });
    expect(await failureOf(user.call('KV/Range', { key: b('a') }))).toBe(invalidToken);
    const attempt = (password: string) => failureOf(context.call('Auth/Authenticate', { name: 'user', password }));
    expect([await attempt('user password'), await attempt('new')]).toEqual([authFailed, ok]);
  }),

  'the tokens of a user end with the user': enabled(async ({ root, user }) => {
    await root.call('Auth/UserDelete', { name: 'user' });
    expect(await failureOf(user.call('KV/Range', { key: b('a') }))).toBe(invalidToken);
  }),

  'tokens end when auth is disabled, and stay so when it is enabled again': enabled(async ({ root, nobody }) => {
    await root.call('Auth/AuthDisable', {});
    expect(await failureOf(root.call('KV/Range', { key: b('a') }))).toBe(invalidToken);
    expect(await failureOf(nobody.call('KV/Range', { key: b('a') }))).toBe(ok);
    await nobody.call('Auth/AuthEnable', {});
    expect(await failureOf(root.call('KV/Range', { key: b('a') }))).toBe(invalidToken);
  }),

  'root and its role stay while auth is enabled': enabled(async ({ root }) => {
    expect(await failureOf(root.call('Auth/UserDelete', { name: 'root' }))).toBe(invalidManagement);
    expect(await failureOf(root.call('Auth/UserRevokeRole', { name: 'root', role: 'root' }))).toBe(invalidManagement);
    expect(await failureOf(root.call('Auth/RoleDelete', { role: 'root' }))).toBe(invalidManagement);
  }),

  'tokens are long, and end with a number': enabled(async (_callers, context) => {
    const { token } = await context.call('Auth/Authenticate', { name: 'user', password: 'user password' });
    expect(token).toMatch(/^[A-Za-z]{16}\.\d+$/);
  }),

  'users and roles make no revision': clean(async (context) => {
    await addRootAndUser(context);
    const { header } = await context.call('Auth/UserList', {});
    expect(context.at(header.revision)).toBe(0);
  }),

  ...onlyRootCases,
  ...callCases,
};
