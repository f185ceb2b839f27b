/** etcd's HTTP door: whoever judges what came of it shares no code with what is tested. */

const timeoutMs = 2000;

/** Rejects when there is no answer, or a refusal. */
export async function askEtcd(host: string, path: string, body: object): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(`${host}/v3/${path}`, { method: 'POST', body: JSON.stringify(body), signal });
  if (response.ok) return await response.json();
  await response.body?.cancel();
  throw new Error(`etcd answered ${path} with ${response.status}`);
}

export function toBase64(plain: string | Buffer): string {
  return Buffer.from(plain).toString('base64');
}

export function fromBase64(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString();
}

/** What comes after every key that begins with `prefix`. */
export function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
