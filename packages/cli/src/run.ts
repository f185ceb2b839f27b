/** From a command line to an exit code. */
import { candidates } from './candidates.ts';
import { commands } from './commands/index.ts';
import { UsageError } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { failureOf } from './failure.ts';
import { findCommand } from './find-command.ts';
import { parse } from './given.ts';
import { commandHelp, overview } from './help.ts';
import { styled, Terminal } from './terminal/terminal.ts';
import { version } from './version.ts';
import type { World } from './world.ts';

/** Runs a command line, without the name of the program. Never rejects. */
export async function run(args: readonly string[], world: World): Promise<ExitCode> {
  const terminal = new Terminal(world.stdout, world.env);
  try {
    return await dispatch(args, terminal, world);
  } catch (error) {
    // What a command that was stopped fails with is of no interest; that it has not done what it should is.
    const { exitCode, message } = world.signal.aborted
      ? { exitCode: exitCodes.failed, message: 'stopped before it was done' }
      : failureOf(error);
    new Terminal(world.stderr, world.env).line(styled('red', 'lb:'), ` ${message}`);
    return exitCode;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal, world: World): Promise<ExitCode> {
  const [first] = args;
  if (first === '--version' || first === '-V') {
    terminal.line(version);
    return exitCodes.ok;
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const { command } = findCommand(commands, args.slice(1));
    terminal.lines(command === undefined ? overview(commands) : commandHelp(command));
    return exitCodes.ok;
  }
  // What the completion scripts call, with the words of the line so far; the last is the one to complete.
  if (first === '__complete') {
    for (const word of await candidates(commands, args.slice(1), world)) terminal.line(word);
    return exitCodes.ok;
  }
  const { command, rest } = findCommand(commands, args);
  if (command === undefined) {
    throw new UsageError(
      first.startsWith('-') ? `The command comes before "${first}"; see lb --help` : unknownCommand(args),
    );
  }
  const given = parse(command, rest, world.env);
  if (given === 'help') {
    terminal.lines(commandHelp(command));
    return exitCodes.ok;
  }
  return command.run(given, terminal, world);
}

function unknownCommand([first = '', second]: readonly string[]): string {
  const own = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (own.length > 0 && (second === undefined || second.startsWith('-'))) return `One of ${own.join(', ')} is meant`;
  return `There is no command "${own.length > 0 ? `${first} ${second}` : first}"; see lb --help`;
}
