import { parseArgs } from 'node:util';

import { contenders, isContenderName } from './contenders.ts';
import { UsageError } from './errors.ts';
import { races } from './races/index.ts';

export const help: string = `Usage:
  lb-simulator SCENARIO.yaml [options]     compare policies on your cluster
  lb-simulator --from URL|FILE [options]   the same for what a consumer's /lb/state.json shows
  lb-simulator race [options]              the races that the default policy is chosen by

Options:
  --policy NAME     compare this one; may be repeated, and with race named as its tables do. Known: ${Object.keys(contenders).join(', ')}
  --without NAME    with --from: lose this provider after a third of the time
  --html FILE       write a report with plots
  --json FILE       write all figures
  --seed N          seed of all chance (default 1, or the scenario's)
  --only NAME       with race: only this one; may be repeated. Known: ${Object.keys(races).join(', ')}
  --course TEXT     with race: only courses whose name begins so
  --runs N          with race: independent runs of each (default: the race's own)
  --help            show this
`;

export type Command =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'scenario';
      /** A file, or a state's URL or file when `from` is true. */
      readonly source: string;
      readonly from: boolean;
      readonly without: string | undefined;
      readonly policies: readonly string[];
      readonly html: string | undefined;
      readonly json: string | undefined;
      readonly seed: number | undefined;
    }
  | {
      readonly kind: 'race';
      readonly only: readonly string[];
      /** Contenders, as the tables name them; all when empty. */
      readonly policies: readonly string[];
      readonly course: string | undefined;
      readonly runs: number | undefined;
      readonly json: string | undefined;
      readonly seed: number;
    };

/** @throws {UsageError} */
export function parseCommandLine(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  const seed = values.seed === undefined ? undefined : integer('--seed', values.seed, 0);
  if (positionals[0] === 'race') return raceCommand(values, positionals, seed);

  const [file, ...more] = positionals;
  const source = values.from ?? file;
  if (source === undefined) throw new UsageError('Name a scenario file, or use --from; --help tells more');
  if (more.length > 0 || (values.from !== undefined && file !== undefined)) {
    throw new UsageError('Name one scenario file, or use --from, not both');
  }
  if (values.without !== undefined && values.from === undefined) {
    throw new UsageError('--without goes with --from; in a scenario file, use an event "crash: true"');
  }
  const policies = values.policy ?? [];
  const unknown = policies.find((name) => !isContenderName(name));
  if (unknown !== undefined) {
    throw new UsageError(`--policy must be one of ${Object.keys(contenders).join(', ')}, got "${unknown}"`);
  }
  return {
    kind: 'scenario',
    source,
    from: values.from !== undefined,
    without: values.without,
    policies,
    html: values.html,
    json: values.json,
    seed,
  };
}

function raceCommand(values: Values, positionals: readonly string[], seed: number | undefined): Command {
  if (positionals.length > 1) throw new UsageError(`"race" takes options only, got "${positionals[1]}"`);
  const only = values.only ?? [];
  const unknown = only.find((name) => !Object.hasOwn(races, name));
  if (unknown !== undefined) {
    throw new UsageError(`--only must be one of ${Object.keys(races).join(', ')}, got "${unknown}"`);
  }
  const runs = values.runs === undefined ? undefined : integer('--runs', values.runs, 1);
  return {
    kind: 'race',
    only,
    policies: values.policy ?? [],
    course: values.course,
    runs,
    json: values.json,
    seed: seed ?? 1,
  };
}

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        from: { type: 'string' },
        without: { type: 'string' },
        policy: { type: 'string', multiple: true },
        html: { type: 'string' },
        json: { type: 'string' },
        seed: { type: 'string' },
        only: { type: 'string', multiple: true },
        course: { type: 'string' },
        runs: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function integer(option: string, value: string, min: number): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < min || value.trim() === '') {
    throw new UsageError(`${option} must be an integer of at least ${min}, got "${value}"`);
  }
  return number;
}
