import { setTimeout as after } from 'node:timers/promises';
import { request } from 'undici';

import type { Say } from './output.ts';

const lookEveryMs = 200;
const sayEveryMs = 5000;

/** Resolves with true once the consumer has somebody to send to; with false when `givenUp` says that nobody waits any more. */
export async function waitUntilReady(
  origin: string,
  etcdHosts: string | undefined,
  say: Say,
  givenUp: () => boolean,
): Promise<boolean> {
  let sayAt = performance.now() + sayEveryMs / 2;
  while (!givenUp()) {
    const answer = await request(`${origin}/readyz`).catch(() => undefined);
    await answer?.body.dump();
    if (answer?.statusCode === 200) return true;
    if (performance.now() > sayAt) {
      say(
        `still waiting until the consumer finds a provider through etcd${etcdHosts === undefined ? '' : advice(etcdHosts)}`,
      );
      sayAt = performance.now() + sayEveryMs;
    }
    await after(lookEveryMs);
  }
  return false;
}

function advice(etcdHosts: string): string {
  return ` at ${etcdHosts}. If none runs there, start one: everything goes on by itself. Without ETCD_HOSTS the embedded one is used`;
}
