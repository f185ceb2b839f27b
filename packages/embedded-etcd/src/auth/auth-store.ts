import { refusal } from '../etcd-error.ts';
import type { KeyRange } from '../store/key-range.ts';
import { hashPassword, isPassword, type PasswordHash } from './passwords.ts';
import { covers, type Permission } from './permissions.ts';
import type { Tokens } from './tokens.ts';

/** The user without whom auth cannot be enabled, and the role that may do everything. */
const root = 'root';

interface User {
  readonly name: string;
  /** Undefined for a user who can only come by certificate. */
  readonly password: PasswordHash | undefined;
  /** Names of roles, sorted. */
  readonly roles: readonly string[];
}

/** Who is asking: a name once somebody has proved it. */
export type UserName = string | undefined;

/** Users, roles, and whether anybody asks for them. */
export class AuthStore {
  readonly #tokens: Tokens;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, readonly Permission[]>();
  #enabled = false;
  #revision = 1;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Counts changes to users, roles and permissions. */
  get revision(): number {
    return this.#revision;
  }

  enable(): void {
    if (this.#enabled) return;
    const user = this.#users.get(root);
    if (user === undefined) throw refusal('rootUserNotFound');
    if (!isRoot(user)) throw refusal('rootRoleNotGranted');
    this.#enabled = true;
  }

  disable(): void {
    if (!this.#enabled) return;
    this.#enabled = false;
    this.#tokens.clear();
    this.#revision += 1;
  }

  /** Refuses a password that does not prove the name. */
  checkPassword(name: string, password: string): void {
    if (!this.#enabled) throw refusal('authNotEnabled');
    const user = this.#users.get(name);
    if (user === undefined) throw refusal('authFailed');
    if (user.password === undefined) throw refusal('passwordForNoPasswordUser');
    if (!isPassword(password, user.password)) throw refusal('authFailed');
  }

  /** Gives a token to a name that was proved. `index` is where in the log this happens. */
  logIn(name: string, index: number): string {
    return this.#tokens.issue(name, index);
  }

  /** The user whom `token` stands for. A token that stands for nobody is refused even while auth is disabled. */
  userOf(token: string): string {
    const user = this.#tokens.userOf(token);
    if (user === undefined) throw refusal('invalidToken');
    return user;
  }

  addUser(name: string, password: string | undefined): void {
    if (name === '') throw refusal('userEmpty');
    if (this.#users.has(name)) throw refusal('userExists');
    this.#setUser({ name, password: password === undefined ? undefined : hashPassword(password), roles: [] });
  }

  deleteUser(name: string): void {
    if (this.#enabled && name === root) throw refusal('invalidAuthManagement');
    this.#user(name);
    this.#users.delete(name);
    this.#tokens.forgetUser(name);
    this.#revision += 1;
  }

  changePassword(name: string, password: string): void {
    const user = this.#user(name);
    this.#tokens.forgetUser(name);
    this.#setUser({ ...user, password: user.password === undefined ? undefined : hashPassword(password) });
  }

  /** Names of all users, sorted. */
  userNames(): readonly string[] {
    return [...this.#users.keys()].toSorted();
  }

  rolesOf(name: string): readonly string[] {
    return this.#user(name).roles;
  }

  grantRole(name: string, role: string): void {
    const user = this.#user(name);
    if (role !== root) this.permissionsOf(role);
    if (!user.roles.includes(role)) this.#setUser({ ...user, roles: [...user.roles, role].toSorted() });
  }

  revokeRole(name: string, role: string): void {
    if (this.#enabled && name === root && role === root) throw refusal('invalidAuthManagement');
    const user = this.#user(name);
    if (!user.roles.includes(role)) throw refusal('roleNotGranted');
    this.#setUser({ ...user, roles: user.roles.filter((one) => one !== role) });
  }

  addRole(role: string): void {
    if (role === '') throw refusal('roleEmpty');
    if (this.#roles.has(role)) throw refusal('roleExists');
    this.#setRole(role, []);
  }

  deleteRole(role: string): void {
    if (this.#enabled && role === root) throw refusal('invalidAuthManagement');
    this.permissionsOf(role);
    this.#roles.delete(role);
    for (const user of this.#users.values()) {
      if (user.roles.includes(role))
        this.#users.set(user.name, { ...user, roles: user.roles.filter((one) => one !== role) });
    }
    this.#revision += 1;
  }

  /** Names of all roles, sorted. */
  roleNames(): readonly string[] {
    return [...this.#roles.keys()].toSorted();
  }

  permissionsOf(role: string): readonly Permission[] {
    const permissions = this.#roles.get(role);
    if (permissions === undefined) throw refusal('roleNotFound');
    return permissions;
  }

  /** Grants a permission, or changes what the first one of the same key allows if it has the same end too. */
  grantPermission(role: string, permission: Permission): void {
    const permissions = this.permissionsOf(role);
    const at = permissions.findIndex(({ key }) => key.compare(permission.key) >= 0);
    const found = permissions[at];
    if (found?.key.equals(permission.key) === true && found.rangeEnd.equals(permission.rangeEnd)) {
      this.#setRole(role, permissions.with(at, permission));
    } else {
      this.#setRole(
        role,
        [...permissions, permission].toSorted((a, b) => a.key.compare(b.key)),
      );
    }
  }

  revokePermission(role: string, key: Buffer, rangeEnd: Buffer): void {
    const permissions = this.permissionsOf(role);
    const left = permissions.filter((one) => !one.key.equals(key) || !one.rangeEnd.equals(rangeEnd));
    if (left.length === permissions.length) throw refusal('permissionNotGranted');
    this.#setRole(role, left);
  }

  /** Refuses a user who may not read, or write, all of `range`. */
  requireAccess(name: UserName, access: 'read' | 'write', range: KeyRange): void {
    if (!this.#enabled) return;
    const user = this.#knownUser(name);
    if (isRoot(user)) return;
    const permissions = user.roles.flatMap((role) => this.#roles.get(role) ?? []);
    if (!covers(permissions, access, range)) throw refusal('permissionDenied');
  }

  /** Refuses all but those who have the root role. */
  requireRoot(name: UserName): void {
    if (this.#enabled && !isRoot(this.#knownUser(name))) throw refusal('permissionDenied');
  }

  /** Refuses those who are neither `owner` nor root. Who has not said who they are is the user without a name, as in etcd. */
  requireSelf(name: UserName, owner: string): void {
    if ((name ?? '') !== owner) this.requireRoot(name);
  }

  /** Refuses those who neither have `role` nor are root. */
  requireRole(name: UserName, role: string): void {
    if (name === undefined || this.#users.get(name)?.roles.includes(role) !== true) this.requireRoot(name);
  }

  #knownUser(name: UserName): User {
    if (name === undefined) throw refusal('userEmpty');
    const user = this.#users.get(name);
    if (user === undefined) throw refusal('permissionDenied');
    return user;
  }

  #user(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw refusal('userNotFound');
    return user;
  }

  #setUser(user: User): void {
    this.#users.set(user.name, user);
    this.#revision += 1;
  }

  #setRole(role: string, permissions: readonly Permission[]): void {
    this.#roles.set(role, permissions);
    this.#revision += 1;
  }
}

function isRoot({ roles }: User): boolean {
  return roles.includes(root);
}
