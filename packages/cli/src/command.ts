/** A command as it is told to the parser, the help and the shells: all three read the same description. */
import type { Given } from './given.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal/terminal.ts';
import type { World } from './world.ts';

export interface Command {
  /** One word, or two: `ls`, `override set`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly about: string;
  readonly positionals: readonly Positional[];
  readonly options: Options;
  /** What else there is to know; lines of at most 100 characters. */
  readonly details?: string;
  /** Loads what is large (etcd's client, undici) itself, so that help and completion need not wait for it. */
  run(given: Given, terminal: Terminal, world: World): Promise<ExitCode>;
}

export interface Positional {
  readonly name: string;
  readonly about: string;
  readonly optional?: true;
  readonly complete?: Completion;
}

export type Options = Readonly<Record<string, Option>>;

export interface Option {
  /** What stands for its value in the help; none for one that is on or off. */
  readonly value?: string;
  readonly about: string;
  /** May be given more than once. */
  readonly many?: true;
  /** The environment variable that says the same. */
  readonly env?: string;
  readonly complete?: Completion;
}

/** What a shell offers: names from etcd, files, or a few words. */
export type Completion = 'service' | 'endpoint' | 'file' | readonly string[];
