/** Requests of every kind that a client can send, and of every way that they can end. */
import type { Balancer } from '@lb/balancer';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

type Send = (balancer: Balancer) => Promise<unknown>;

const dumped = async ({ body }: Dispatcher.ResponseData): Promise<void> => body.dump();
const get = async (balancer: Balancer, path: string): Promise<void> => dumped(await balancer.request(path));

/** Most are plain, as in life. */
const kinds: readonly Send[] = [
  ...Array.from({ length: 8 }, (): Send => (balancer) => get(balancer, '/hello')),
  async (balancer) => (await balancer.fetch('/hello')).text(),
  async (balancer) => dumped(await balancer.request('/hello', { method: 'PUT', body: 'a body' })),
  async (balancer) => dumped(await balancer.request('/hello', { method: 'PUT', body: Readable.from(['a', 'b']) })),
  async (balancer) => (await balancer.fetch('/hello', { method: 'POST', body: 'a body' })).text(),
  (balancer) => get(balancer, '/large'),
  (balancer) => get(balancer, '/bad'),
  (balancer) => get(balancer, '/broken'),
  (balancer) => balancer.request('/silent', { lb: { timeoutMs: 50, attemptTimeoutMs: 20 } }),
  (balancer) => balancer.request('/silent', { signal: AbortSignal.timeout(20) }),
  async (balancer) => (await balancer.request('/large')).body.destroy(),
  async (balancer) => (await balancer.fetch('/large')).body?.cancel(),
];

/** Sends `count` requests, `atOnce` at a time, and resolves when all have ended. Returns how many failed, which some have to. */
export async function sendAll(balancer: Balancer, count: number, atOnce: number): Promise<number> {
  let left = count;
  let failed = 0;
  const sendOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await kinds[left % kinds.length]?.(balancer).catch(() => (failed += 1));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sendOn));
  return failed;
}
