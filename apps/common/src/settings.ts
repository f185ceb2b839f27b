import { envSchema } from 'env-schema';
import type { Static, TObject } from 'typebox';

/** The environment does not make up valid settings. The message has a sentence for each setting that is wrong. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'ERR_SETTINGS';
}

/** Reads settings from environment variables: defaults filled in, numbers as numbers. Throws {@link SettingsError}. */
export function readSettings<Schema extends TObject>(schema: Schema, env: NodeJS.ProcessEnv): Static<Schema> {
  // A variable that is set to nothing is what a shell leaves behind, not a value.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  try {
    return envSchema<Static<Schema>>({ schema, data: given, env: false });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SettingsError(message.replaceAll(/\benv\//g, ''), { cause: error });
  }
}

/** Members of the cluster from a comma-separated list. */
export function splitHosts(hosts: string): string[] {
  return hosts.split(',').map((host) => host.trim());
}
