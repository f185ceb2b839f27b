/**
 * Settings of a service: one schema says what there is, with types, defaults and descriptions, and everything else follows from it:
 * reading them, `--help`, and `--print-config`.
 *
 * They come from the environment; what is not there, from the file that `LB_CONFIG` names, in JSON or YAML, with the same names.
 */
import { envSchema } from 'env-schema';
import { readFileSync } from 'node:fs';
import type { Static, TObject } from 'typebox';
import { parse } from 'yaml';

/** The environment does not make up valid settings. The message has a sentence for each setting that is wrong. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'ERR_SETTINGS';
}

/** Reads settings: defaults filled in, numbers as numbers. Throws {@link SettingsError}. */
export function readSettings<Schema extends TObject>(schema: Schema, env: NodeJS.ProcessEnv): Static<Schema> {
  // A variable that is set to nothing is what a shell leaves behind, not a value.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const file = given['LB_CONFIG'];
  try {
    return envSchema<Static<Schema>>({
      schema,
      data: { ...(file !== undefined && readFile(file, schema)), ...given },
      env: false,
      ajv: { customOptions: (ajv) => ajv.addKeyword('secret') },
    });
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new SettingsError(message.replaceAll(/\benv\//g, ''), { cause: error });
  }
}

function readFile(path: string, schema: TObject): Record<string, unknown> {
  let read: unknown;
  try {
    read = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError(
      `LB_CONFIG: cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) {
    throw new SettingsError(`LB_CONFIG: ${path} must hold names and values`);
  }
  const unknown = Object.keys(read).filter((name) => !(name in schema.properties));
  if (unknown.length > 0)
    throw new SettingsError(`LB_CONFIG: ${path} has settings that there are not: ${unknown.join(', ')}`);
  return { ...read };
}

/** What `--help` says of the settings, a line or two each. */
export function describeSettings(schema: TObject): string {
  return Object.entries(schema.properties)
    .map(([name, property]) => {
      const annotated: Annotated = property;
      return `  ${name.padEnd(width)}  ${annotated.description ?? ''}${usual(annotated)}`;
    })
    .join('\n');
}

/** The settings in force, as `LB_CONFIG` could hold them; what is secret is not shown. */
export function printSettings(schema: TObject, values: Record<string, unknown>): string {
  const shown = Object.entries(schema.properties)
    .filter(([name]) => values[name] !== undefined)
    .map(([name, property]) => [name, isSecret(property) ? '[redacted]' : values[name]]);
  return JSON.stringify(Object.fromEntries(shown), null, 2);
}

const width = 24;

interface Annotated {
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly enum?: readonly unknown[];
  readonly secret?: boolean;
}

function isSecret({ secret }: Annotated): boolean {
  return secret === true;
}

function usual({ default: value, enum: choices }: Annotated): string {
  const among = choices === undefined ? '' : `; ${choices.join(', ')}`;
  return value === undefined ? among : `${among} (${value})`;
}
