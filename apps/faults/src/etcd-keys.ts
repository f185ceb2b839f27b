/** Writes to a real etcd what no library of ours would write: any bytes under any key, through its JSON gateway. */
import { askEtcd, toBase64 } from './gateway.ts';
import type { Registry } from './stage.ts';

/** Most operations of one transaction that etcd takes. */
const batch = 128;

export async function put(registry: Registry, key: string, value: string | Buffer): Promise<void> {
  await askEtcd(registry.hosts, 'kv/put', { key: toBase64(key), value: toBase64(value) });
}

/** All of them, in as few transactions as etcd allows. */
export async function putMany(registry: Registry, entries: readonly (readonly [string, string])[]): Promise<void> {
  for (let from = 0; from < entries.length; from += batch) {
    const success = entries
      .slice(from, from + batch)
      .map(([key, value]) => ({ requestPut: { key: toBase64(key), value: toBase64(value) } }));
    await askEtcd(registry.hosts, 'kv/txn', { success });
  }
}

/** Ends all leases at once, as if nobody had renewed them. Returns how many there were. */
export async function revokeAll(registry: Registry): Promise<number> {
  const { leases = [] }: { leases?: readonly { readonly ID: string }[] } = Object(
    await askEtcd(registry.hosts, 'lease/leases', {}),
  );
  await Promise.all(leases.map(({ ID }) => askEtcd(registry.hosts, 'lease/revoke', { ID })));
  return leases.length;
}

/** The value of an endpoint as `@lb/registry` writes it. */
export function endpointValue(id: string, address: string, fields: object = {}): string {
  return JSON.stringify({ Op: 0, Addr: address, lb: { v: 1, id, protocol: 'http', state: 'serving', ...fields } });
}
