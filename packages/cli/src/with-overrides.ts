import type { Overrides, OverridesOptions } from '@lb/registry';

/** Opens the overrides of a service for as long as `work` takes, or until the signal aborts: then what is under way fails. */
export async function withOverrides<T>(
  options: OverridesOptions,
  signal: AbortSignal,
  work: (overrides: Overrides) => Promise<T>,
): Promise<T> {
  const { openOverrides } = await import('@lb/registry');
  const overrides = openOverrides(options);
  const stop = (): void => void overrides.close();
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    return await work(overrides);
  } finally {
    signal.removeEventListener('abort', stop);
    await overrides.close();
  }
}
