/** What a shell offers for the word that is being typed: names of commands and options, and what is in etcd. */
import type { Command, Completion } from './command.ts';
import { findCommand } from './find-command.ts';
import { parse } from './given.ts';
import { readEtcdOptions } from './settings.ts';
import { isPlainWord } from './shell-word.ts';
import type { World } from './world.ts';

/** What may stand where the last of `words` is, which may be the empty string. A file is asked for as `:file`. */
export async function candidates(
  commands: readonly Command[],
  words: readonly string[],
  world: World,
): Promise<readonly string[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const { command, rest } = findCommand(commands, before);
  const offered =
    command === undefined ? commandWords(commands, before) : await argumentWords(command, rest, last, world);
  return offered.filter((word) => word === fileMark || word.startsWith(last));
}

const fileMark = ':file';

/** The next word of the names of commands. */
function commandWords(commands: readonly Command[], before: readonly string[]): readonly string[] {
  const prefix = before.map((word) => `${word} `).join('');
  const names = commands.filter(({ name }) => name.startsWith(prefix));
  return [...new Set(names.map(({ name }) => name.slice(prefix.length).split(' ')[0] ?? ''))];
}

async function argumentWords(
  command: Command,
  before: readonly string[],
  last: string,
  world: World,
): Promise<readonly string[]> {
  const option = optionOf(command, before.at(-1));
  if (option?.value !== undefined) return offer(option.complete, command, before.slice(0, -1), world);
  if (last.startsWith('-')) return [...Object.keys(command.options), 'help'].map((name) => `--${name}`);
  const positional = command.positionals[positionalsIn(command, before).length];
  return offer(positional?.complete, command, before, world);
}

function optionOf(command: Command, word: string | undefined): Command['options'][string] | undefined {
  return word?.startsWith('--') === true ? command.options[word.slice(2)] : undefined;
}

function positionalsIn(command: Command, words: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    if (word.startsWith('-')) return false;
    return optionOf(command, words[index - 1])?.value === undefined;
  });
}

async function offer(
  what: Completion | undefined,
  command: Command,
  before: readonly string[],
  world: World,
): Promise<readonly string[]> {
  if (what === undefined) return [];
  if (what === 'file') return [fileMark];
  if (typeof what !== 'string') return what;
  try {
    return await fromEtcd(what, command, before, world);
  } catch {
    // A shell that is asked for words while etcd is away has none to offer, and nowhere to say why.
    return [];
  }
}

async function fromEtcd(
  what: 'service' | 'endpoint',
  command: Command,
  before: readonly string[],
  world: World,
): Promise<readonly string[]> {
  const optional = command.positionals.map((positional) => ({ ...positional, optional: true as const }));
  const given = parse({ ...command, positionals: optional }, before, world.env);
  if (given === 'help') return [];
  const { completionMs = 1000 } = world;
  const { inspect } = await import('@lb/registry');
  // Not before all is loaded: on a machine that takes a second for that, there would never be a word.
  const signal = AbortSignal.any([world.signal, AbortSignal.timeout(completionMs)]);
  const { services } = await inspect({
    ...(await readEtcdOptions(given, world.env)),
    requestTimeoutMs: completionMs,
    signal,
    leases: false,
    ...(what === 'endpoint' && { service: given.required('service') }),
  });
  const names =
    what === 'service'
      ? services.map(({ name }) => name)
      : services.flatMap(({ endpoints }) => endpoints.map(({ endpoint }) => endpoint.id));
  return names.filter(isPlainWord);
}
