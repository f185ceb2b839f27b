/** What a user may write, by its roles. */
import type { IPermission } from 'etcd3';

import { EtcdError } from '../errors.ts';
import type { EtcdClient } from '../etcd/etcd-client.ts';
import { prefixRange } from '../etcd/prefix-range.ts';

/** Tells whether all keys that begin with a prefix may be written. */
export type MayWrite = (prefix: string) => boolean;

/** Reads the roles of `user`, which every user may for itself. `undefined` when etcd does not tell, or has authentication off. */
export async function readPermissions(
  client: EtcdClient,
  user: string,
  signal: AbortSignal,
): Promise<MayWrite | undefined> {
  try {
    const { roles } = await client.call('userGet', ({ auth }, call) => auth.userGet({ name: user }, call), { signal });
    if (roles.includes('root')) return () => true;
    const granted: IPermission[] = [];
    for (const role of roles) {
      const { perm } = await client.call('roleGet', ({ auth }, call) => auth.roleGet({ role }, call), { signal });
      granted.push(...perm);
    }
    return (prefix) => granted.some((permission) => covers(permission, prefix));
  } catch (error) {
    if (error instanceof EtcdError) return undefined;
    throw error;
  }
}

function covers({ permType, key, range_end: end }: IPermission, prefix: string): boolean {
  if (permType.toUpperCase() === 'READ') return false;
  const wanted = prefixRange(prefix);
  if (key.compare(wanted.key) > 0 || end.length === 0) return false;
  // A single zero byte stands for the end of all keys.
  return end.equals(Buffer.from([0])) || end.compare(wanted.range_end) >= 0;
}
