/** What a user may write, by its roles. */
import type { IPermission } from 'etcd3';

import type { Connection } from '../etcd/connection.ts';
import { prefixRange } from '../etcd/prefix-range.ts';

/** Tells whether all keys that begin with a prefix may be written. */
export type MayWrite = (prefix: string) => boolean;

/** Reads the roles of `user`, which every user may for itself. Rejects with `EtcdError`, also where authentication is off. */
export async function readPermissions(connection: Connection, user: string, signal: AbortSignal): Promise<MayWrite> {
  const { roles } = await connection.call('userGet', ({ auth }, call) => auth.userGet({ name: user }, call), {
    signal,
  });
  if (roles.includes('root')) return () => true;
  const granted: IPermission[] = [];
  for (const role of roles) {
    const { perm } = await connection.call('roleGet', ({ auth }, call) => auth.roleGet({ role }, call), { signal });
    granted.push(...perm);
  }
  return (prefix) => granted.some((permission) => covers(permission, prefix));
}

function covers({ permType, key, range_end: end }: IPermission, prefix: string): boolean {
  if (permType.toUpperCase() === 'READ') return false;
  const wanted = prefixRange(prefix);
  if (key.compare(wanted.key) > 0 || end.length === 0) return false;
  // A single zero byte stands for the end of all keys.
  return end.equals(Buffer.from([0])) || end.compare(wanted.range_end) >= 0;
}
