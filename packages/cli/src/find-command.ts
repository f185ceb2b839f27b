import type { Command } from './command.ts';

/** The command that `args` begin with, by two words or by one, and what follows its name. */
export function findCommand(
  commands: readonly Command[],
  args: readonly string[],
): { readonly command: Command | undefined; readonly rest: readonly string[] } {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(' ');
    const command = args.length < words ? undefined : commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, rest: args.slice(words) };
  }
  return { command: undefined, rest: args };
}
