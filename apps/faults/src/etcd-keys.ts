/** Writes to a real etcd what no library of ours would write: any bytes under any key, through its JSON gateway. */
import type { Registry } from './stage.ts';

/** Most operations of one transaction that etcd takes. */
const batch = 128;

export async function put(registry: Registry, key: string, value: string | Buffer): Promise<void> {
  await post(registry, 'put', { key: base64(key), value: base64(value) });
}

/** All of them, in as few transactions as etcd allows. */
export async function putMany(registry: Registry, entries: readonly (readonly [string, string])[]): Promise<void> {
  for (let from = 0; from < entries.length; from += batch) {
    const success = entries
      .slice(from, from + batch)
      .map(([key, value]) => ({ requestPut: { key: base64(key), value: base64(value) } }));
    await post(registry, 'txn', { success });
  }
}

/** Ends all leases at once, as if nobody had renewed them. Returns how many there were. */
export async function revokeAll(registry: Registry): Promise<number> {
  const { leases = [] }: { leases?: readonly { readonly ID: string }[] } = JSON.parse(
    await post(registry, 'lease/leases', {}),
  );
  await Promise.all(leases.map(({ ID }) => post(registry, 'lease/revoke', { ID })));
  return leases.length;
}

/** The value of an endpoint as `@lb/registry` writes it. */
export function endpointValue(id: string, address: string, fields: object = {}): string {
  return JSON.stringify({ Op: 0, Addr: address, lb: { v: 1, id, protocol: 'http', state: 'serving', ...fields } });
}

async function post({ hosts }: Registry, method: string, body: object): Promise<string> {
  const response = await fetch(`${hosts}/v3/${method.startsWith('lease') ? '' : 'kv/'}${method}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${method}: ${text}`);
  return text;
}

function base64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64');
}
