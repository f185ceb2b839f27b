import { setTimeout as after } from 'node:timers/promises';
import { request } from 'undici';

import type { Say } from './output.ts';

const lookEveryMs = 200;
const sayEveryMs = 5000;

/** Resolves with true once the consumer has somebody to send to; with false when `givenUp` says that nobody waits any more. */
export async function waitUntilReady(origin: string, say: Say, givenUp: () => boolean): Promise<boolean> {
  let saidAt = performance.now();
  while (!givenUp()) {
    const answer = await request(`${origin}/readyz`).catch(() => undefined);
    await answer?.body.dump();
    if (answer?.statusCode === 200) return true;
    if (performance.now() - saidAt > sayEveryMs) {
      say('still waiting for the consumer to find a provider; the load begins then');
      saidAt = performance.now();
    }
    await after(lookEveryMs);
  }
  return false;
}
