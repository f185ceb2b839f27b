import type { Command, Option } from './command.ts';
import { etcdOptions } from './settings.ts';
import { type Line, styled } from './terminal/terminal.ts';

export function overview(commands: readonly Command[]): Line[] {
  return [
    ['lb: who is registered in etcd, what share they get, and what to do about it'],
    [],
    [styled('bold', 'Usage'), ': lb COMMAND [options]'],
    [],
    ...pairs(commands.map((command) => [synopsis(command), command.about])),
    [],
    ['lb COMMAND --help tells more of each. All that talk to etcd take'],
    [],
    ...optionLines(etcdOptions),
    [],
    [styled('bold', 'Exit codes')],
    ...pairs([
      ['0', 'done, nothing wrong'],
      ['1', 'something wrong was found, or what was asked for failed'],
      ['2', 'the command line or a setting makes no sense'],
      ['3', 'etcd does not answer'],
      ['4', 'etcd does not take the user, or does not let it do this'],
    ]),
  ];
}

export function commandHelp(command: Command): Line[] {
  const { about, details, positionals, options } = command;
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(etcdOptions, name)));
  const sections: Line[][] = [
    [[styled('bold', 'Usage'), `: lb ${synopsis(command)} [options]`], [], [`${about}.`]],
    details === undefined ? [] : details.split('\n').map((line) => [line]),
    pairs(positionals.map(({ name, about: what }) => [name.toUpperCase(), what])),
    optionLines(own),
    'etcd' in options ? [[styled('bold', 'etcd')], ...optionLines(etcdOptions)] : [],
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : [[], ...lines]));
}

function synopsis({ name, positionals }: Command): string {
  const words = positionals.map((one) => (one.optional === true ? `[${one.name}]` : one.name).toUpperCase());
  return [name, ...words].join(' ');
}

function optionLines(options: Readonly<Record<string, Option>>): Line[] {
  return pairs(
    Object.entries(options).map(([name, { value, about, env, many }]) => [
      `--${name}${value === undefined ? '' : ` ${value}`}`,
      `${about}${many === true ? '; may be repeated' : ''}${env === undefined ? '' : ` [${env}]`}`,
    ]),
  );
}

function pairs(rows: readonly (readonly [string, string])[]): Line[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => [`  ${left.padEnd(width)}  ${right}`]);
}
