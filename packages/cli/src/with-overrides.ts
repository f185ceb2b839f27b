import type { Overrides, OverridesOptions } from '@lb/registry';

/** Opens the overrides of a service for as long as `work` takes. */
export async function withOverrides<T>(
  options: OverridesOptions,
  work: (overrides: Overrides) => Promise<T>,
): Promise<T> {
  const { openOverrides } = await import('@lb/registry');
  const overrides = openOverrides(options);
  try {
    return await work(overrides);
  } finally {
    await overrides.close();
  }
}
