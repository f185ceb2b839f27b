import { checkNumber, type NumberBounds } from '@lb/core';
import { parseArgs } from 'node:util';

import type { Command, Options } from './command.ts';
import { UsageError } from './errors.ts';

type Value = string | boolean | readonly (string | boolean)[];

/** What a command line gives to a command. */
export class Given {
  readonly #options: Readonly<Record<string, Value | undefined>>;
  readonly #positionals: ReadonlyMap<string, string>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #known: Options;

  constructor(
    command: Pick<Command, 'options'>,
    options: Readonly<Record<string, Value | undefined>>,
    positionals: ReadonlyMap<string, string>,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#known = command.options;
    this.#options = options;
    this.#positionals = positionals;
    this.#env = env;
  }

  /** Throws `UsageError` for a variable that is neither on nor off. */
  flag(option: string): boolean {
    if (this.#options[option] === true) return true;
    const value = this.#fromEnv(option);
    if (value === undefined || value === '0' || value === 'false') return false;
    if (value === '1' || value === 'true') return true;
    // "no" must not switch on what makes a connection less safe.
    throw new UsageError(`${this.#known[option]?.env} must be true or false, got "${value}"`);
  }

  text(option: string): string | undefined {
    const value = this.#options[option];
    return typeof value === 'string' ? value : this.#fromEnv(option);
  }

  list(option: string): string[] {
    const value = this.#options[option];
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  }

  number(option: string, bounds: NumberBounds): number | undefined {
    const value = this.text(option);
    return value === undefined ? undefined : readNumber(`--${option}`, value, bounds);
  }

  positional(name: string): string | undefined {
    return this.#positionals.get(name);
  }

  /** One that the command does not call optional. */
  required(name: string): string {
    const value = this.#positionals.get(name);
    if (value === undefined) throw new UsageError(`${name.toUpperCase()} is missing`);
    return value;
  }

  /** A variable that is set to nothing is what a shell leaves behind, not a value. */
  #fromEnv(option: string): string | undefined {
    const name = this.#known[option]?.env;
    const value = name === undefined ? undefined : this.#env[name];
    return value === '' ? undefined : value;
  }
}

/** Throws `UsageError`. */
export function readNumber(name: string, text: string, bounds: NumberBounds): number {
  try {
    return checkNumber(name, text.trim() === '' ? text : Number(text), bounds);
  } catch (error) {
    const bound = error instanceof Error ? error.message.replace(/^Option "[^"]*" must be /, '') : '';
    throw new UsageError(`${name} must be ${bound.replace(/, got .*$/, '')}, got "${text}"`, { cause: error });
  }
}

/** Reads what follows the name of a command. Throws `UsageError`. */
export function parse(
  command: Command,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Given | 'help' {
  const { values, positionals } = parseTokens(command, args);
  if (values['help'] === true) return 'help';
  const given = new Map<string, string>();
  for (const [index, { name, optional }] of command.positionals.entries()) {
    const value = positionals[index];
    if (value !== undefined) given.set(name, value);
    else if (optional !== true) throw new UsageError(`${name.toUpperCase()} is missing`);
  }
  const extra = positionals[command.positionals.length];
  if (extra !== undefined) throw new UsageError(`"${extra}" is one word too many`);
  return new Given(command, values, given, env);
}

function parseTokens(
  command: Command,
  args: readonly string[],
): { readonly values: Readonly<Record<string, Value | undefined>>; readonly positionals: readonly string[] } {
  const options: Record<string, { type: 'string' | 'boolean'; multiple: boolean; short?: string }> = {
    help: { type: 'boolean', multiple: false, short: 'h' },
  };
  for (const [name, { value, many }] of Object.entries(command.options)) {
    options[name] = { type: value === undefined ? 'boolean' : 'string', multiple: many === true };
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node adds how to give a positional that begins with a dash, which is longer than what is wrong.
    const [what = ''] = error instanceof Error ? error.message.split(/\.\s/) : [String(error)];
    throw new UsageError(what, { cause: error });
  }
}
