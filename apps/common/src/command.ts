import { parseArgs } from 'node:util';
import type { Static, TObject } from 'typebox';

import { describeSettings, printSettings, readSettings, SettingsError } from './settings.ts';

export interface Command<Schema extends TObject, Config> {
  /** What it does, in a sentence. */
  readonly about: string;
  readonly schema: Schema;
  /** Throws {@link SettingsError} for values that do not go together. */
  readonly toConfig: (values: Static<Schema>) => Config;
}

/** What a command line comes to: settings to start with, or something to print and be done. */
export type Invocation<Config> =
  | { readonly kind: 'start'; readonly config: Config }
  | { readonly kind: 'print'; readonly text: string; readonly exitCode: 0 | 2 };

/** Reads the command line of a service, which has two options, and its settings. */
export function readCommand<Schema extends TObject, Config>(
  { about, schema, toConfig }: Command<Schema, Config>,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Invocation<Config> {
  try {
    const { help, 'print-config': print } = parseOptions(args);
    if (help === true) return { kind: 'print', text: helpText(about, schema), exitCode: 0 };
    const values = readSettings(schema, env);
    const config = toConfig(values);
    if (print === true) return { kind: 'print', text: printSettings(schema, { ...values }), exitCode: 0 };
    return { kind: 'start', config };
  } catch (error) {
    return { kind: 'print', text: error instanceof Error ? error.message : String(error), exitCode: 2 };
  }
}

/** The same, of this process, which ends here when there is nothing to start. */
export function configOrExit<Schema extends TObject, Config>(command: Command<Schema, Config>): Config {
  const invocation = readCommand(command, process.argv.slice(2), process.env);
  if (invocation.kind === 'start') return invocation.config;
  const { text, exitCode } = invocation;
  (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return process.exit(exitCode);
}

function parseOptions(args: readonly string[]): { help?: boolean; 'print-config'?: boolean } {
  try {
    return parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h' }, 'print-config': { type: 'boolean' } },
    }).values;
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)}. Try --help`, { cause: error });
  }
}

function helpText(about: string, schema: TObject): string {
  return `${about}

  --help          say this
  --print-config  say which settings are in force, and end; secrets are not shown

Settings, from the environment, or by the same names from a file of JSON or YAML that LB_CONFIG names:

${describeSettings(schema)}`;
}
