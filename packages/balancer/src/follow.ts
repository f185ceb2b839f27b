import type { Discovery, Snapshot } from '@lb/core';

/**
 * Calls `onSnapshot` with each snapshot until the discovery ends or `signal` aborts. Rejects with what the discovery rejects with.
 */
export async function follow(
  discovery: Discovery,
  onSnapshot: (snapshot: Snapshot) => void,
  signal: AbortSignal,
): Promise<void> {
  const iterator = discovery[Symbol.asyncIterator]();
  // A generator that waits for its next snapshot returns only after that one, so nobody waits for it.
  const stop = (): void => void iterator.return?.();
  signal.addEventListener('abort', stop);
  try {
    for (let next = await iterator.next(); next.done !== true && !signal.aborted; next = await iterator.next()) {
      onSnapshot(next.value);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
