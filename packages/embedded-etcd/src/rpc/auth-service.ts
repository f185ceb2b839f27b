import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Access, Permission } from '../auth/permissions.ts';
import type { Etcd } from '../etcd.ts';
import { refusal } from '../etcd-error.ts';
import { loggedKeyRange } from '../store/key-range.ts';
import { unary } from './call.ts';

interface PermissionMessage {
  readonly permType: 'Read' | 'Write' | 'Readwrite';
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

interface UserAddRequest {
  readonly name: string;
  readonly password: string;
  readonly options?: { readonly noPassword: boolean } | null;
}

const accesses: Readonly<Record<PermissionMessage['permType'], Access>> = {
  Read: 'read',
  Write: 'write',
  Readwrite: 'readwrite',
};

const permTypes: Readonly<Record<Access, PermissionMessage['permType']>> = {
  read: 'Read',
  write: 'Write',
  readwrite: 'Readwrite',
};

/** The Auth service: users, roles, and what these may do. All but logging in goes through the log, so the answers tell a revision. */
export function authService(etcd: Etcd): UntypedServiceImplementation {
  return {
    AuthEnable: unary(etcd, (_request: object, caller) =>
      etcd.manage(caller, (auth) => {
        auth.enable();
        return { header: etcd.header() };
      }),
    ),
    AuthDisable: unary(etcd, (_request: object, caller) =>
      etcd.manage(caller, (auth) => {
        auth.disable();
        return { header: etcd.header() };
      }),
    ),
    // Not in etcd 3.4; this is the answer of 3.5.
    AuthStatus: unary(etcd, (_request: object, caller) =>
      etcd.manage(caller, ({ enabled, revision }) => ({ header: etcd.header(), enabled, authRevision: revision })),
    ),
    Authenticate: unary(
      etcd,
      async ({ name, password }: { readonly name: string; readonly password: string }, caller) => {
        await etcd.consensus.confirm(() => etcd.database.auth.checkPassword(name, password));
        // Only now is the caller asked for: who sends a token that is over is refused one, also with the right password.
        return etcd.propose(caller, 0, () => ({
          header: etcd.header(),
          token: etcd.database.auth.logIn(name, etcd.consensus.index),
        }));
      },
    ),
    UserAdd: unary(etcd, ({ name, password, options }: UserAddRequest, caller) =>
      etcd.manage(caller, (auth) => {
        auth.addUser(name, options?.noPassword === true ? undefined : password);
        return { header: etcd.header() };
      }),
    ),
    UserGet: unary(etcd, ({ name }: { readonly name: string }, caller) =>
      etcd.manage(
        caller,
        (auth) => ({ header: etcd.header(), roles: auth.rolesOf(name) }),
        (auth, user) => auth.requireSelf(user, name),
      ),
    ),
    UserList: unary(etcd, (_request: object, caller) =>
      etcd.manage(caller, (auth) => ({ header: etcd.header(), users: auth.userNames() })),
    ),
    UserDelete: unary(etcd, ({ name }: { readonly name: string }, caller) =>
      etcd.manage(caller, (auth) => {
        auth.deleteUser(name);
        return { header: etcd.header() };
      }),
    ),
    UserChangePassword: unary(
      etcd,
      ({ name, password }: { readonly name: string; readonly password: string }, caller) =>
        etcd.manage(caller, (auth) => {
          auth.changePassword(name, password);
          return { header: etcd.header() };
        }),
    ),
    UserGrantRole: unary(etcd, ({ user, role }: { readonly user: string; readonly role: string }, caller) =>
      etcd.manage(caller, (auth) => {
        auth.grantRole(user, role);
        return { header: etcd.header() };
      }),
    ),
    UserRevokeRole: unary(etcd, ({ name, role }: { readonly name: string; readonly role: string }, caller) =>
      etcd.manage(caller, (auth) => {
        auth.revokeRole(name, role);
        return { header: etcd.header() };
      }),
    ),
    RoleAdd: unary(etcd, ({ name }: { readonly name: string }, caller) =>
      etcd.manage(caller, (auth) => {
        auth.addRole(name);
        return { header: etcd.header() };
      }),
    ),
    RoleGet: unary(etcd, ({ role }: { readonly role: string }, caller) =>
      etcd.manage(
        caller,
        (auth) => ({ header: etcd.header(), perm: auth.permissionsOf(role).map(messageOf) }),
        (auth, user) => auth.requireRole(user, role),
      ),
    ),
    RoleList: unary(etcd, (_request: object, caller) =>
      etcd.manage(caller, (auth) => ({ header: etcd.header(), roles: auth.roleNames() })),
    ),
    RoleDelete: unary(etcd, ({ role }: { readonly role: string }, caller) =>
      etcd.manage(caller, (auth) => {
        auth.deleteRole(role);
        return { header: etcd.header() };
      }),
    ),
    RoleGrantPermission: unary(
      etcd,
      ({ name, perm }: { readonly name: string; readonly perm?: PermissionMessage | null }, caller) =>
        etcd.manage(caller, (auth) => {
          // An etcd 3.4 dies of this one; this is the answer of 3.5.
          if (!perm) throw refusal('permissionNotGiven');
          auth.grantPermission(name, permissionOf(perm));
          return { header: etcd.header() };
        }),
    ),
    RoleRevokePermission: unary(
      etcd,
      ({ role, key, rangeEnd }: { readonly role: string; readonly key: Buffer; readonly rangeEnd: Buffer }, caller) =>
        etcd.manage(caller, (auth) => {
          auth.revokePermission(role, key, rangeEnd);
          return { header: etcd.header() };
        }),
    ),
  };
}

function permissionOf({ permType, key, rangeEnd }: PermissionMessage): Permission {
  // Copies: what was decoded is a window on a whole network buffer, and would keep it all.
  return {
    access: accesses[permType],
    range: loggedKeyRange(key, rangeEnd),
    key: Buffer.from(key),
    rangeEnd: Buffer.from(rangeEnd),
  };
}

function messageOf({ access, key, rangeEnd }: Permission): PermissionMessage {
  return { permType: permTypes[access], key, rangeEnd };
}
