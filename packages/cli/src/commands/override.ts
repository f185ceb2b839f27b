/** What operators have set for endpoints, beside what they registered. */
import type { InspectedService, Override, OverrideChange, OverrideField } from '@lb/registry';

import type { Command, Options, Positional } from '../command.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { duration, number } from '../numbers.ts';
import { byOption, readOperator } from '../operator.ts';
import { etcdOptions, readEtcdOptions } from '../settings.ts';
import { table } from '../terminal/table.ts';
import { type Line, type Span, styled } from '../terminal/terminal.ts';
import { sayUnreadable } from '../unreadable.ts';
import { withOverrides } from '../with-overrides.ts';

export const overrideLs: Command = {
  name: 'override ls',
  about: 'list what operators have set',
  positionals: [{ name: 'service', optional: true, about: 'service to list', complete: 'service' }],
  options: { json: { about: 'one JSON object a line, a target each' }, ...etcdOptions },
  run: async (given, terminal, world) => {
    const { inspect } = await import('@lb/registry');
    const service = given.positional('service');
    const options = await readEtcdOptions(given, world.env);
    const { services } = await inspect({ ...options, service, leases: false, signal: world.signal });
    if (given.flag('json')) {
      for (const { name, overrides } of services) {
        for (const [target, override] of overrides) terminal.json({ service: name, target, ...override });
      }
    } else {
      terminal.lines(overrideTable(services, world.now()));
    }
    sayUnreadable(services, world, 'overrides');
    return exitCodes.ok;
  },
};

const positionals: readonly Positional[] = [
  { name: 'service', about: 'the service', complete: 'service' },
  { name: 'target', about: 'the id of an endpoint, in full; * for all', complete: 'endpoint' },
];

export const overrideSet: Command = {
  name: 'override set',
  about: 'set fields for an endpoint, whether it is there yet or not',
  positionals,
  options: {
    weight: { value: 'NUMBER', about: 'weight relative to the others; 0 for no new requests' },
    state: { value: 'STATE', about: 'draining: no new requests', complete: ['draining'] },
    'max-concurrency': { value: 'NUMBER', about: 'most requests at once, from each consumer' },
    by: byOption,
    ...etcdOptions,
  },
  details: 'Fields that are not given stay as they are. What is set for an id counts before what is set for *.',
  run: async (given, terminal, world) => {
    const change = readChange({
      weight: given.number('weight', { min: 0 }),
      state: given.text('state'),
      maxConcurrency: given.number('max-concurrency', { min: 0 }),
    });
    const service = given.required('service');
    const target = given.required('target');
    const options = { ...(await readEtcdOptions(given, world.env)), service };
    const now = await withOverrides(options, world.signal, (overrides) =>
      overrides.set(target, change, readOperator(given)),
    );
    terminal.line(`${service}: set for ${target}: ${describe(now)}`);
    return exitCodes.ok;
  },
};

const fields: Readonly<Record<string, OverrideField>> = {
  weight: 'weight',
  state: 'state',
  'max-concurrency': 'maxConcurrency',
};
const fieldOptions: Options = Object.fromEntries(
  Object.keys(fields).map((name) => [name, { about: `take back its ${name.replace('-', ' ')}` }]),
);

export const overrideClear: Command = {
  name: 'override clear',
  about: 'take back what is set for an endpoint: all of it, or the given fields',
  positionals,
  options: { ...fieldOptions, ...etcdOptions },
  run: async (given, terminal, world) => {
    const service = given.required('service');
    const target = given.required('target');
    const options = { ...(await readEtcdOptions(given, world.env)), service };
    const chosen = Object.entries(fields).flatMap(([option, field]) => (given.flag(option) ? [field] : []));
    const left = await withOverrides(options, world.signal, (overrides) =>
      overrides.clear(target, chosen.length === 0 ? undefined : chosen),
    );
    terminal.line(`${service}: set for ${target}: ${left === undefined ? 'nothing' : describe(left)}`);
    return exitCodes.ok;
  },
};

function readChange({
  state,
  ...rest
}: Omit<OverrideChange, 'state'> & { readonly state: string | undefined }): OverrideChange {
  if (state !== undefined && state !== 'draining') throw new UsageError(`--state must be draining, got "${state}"`);
  if (state === undefined && Object.values(rest).every((value) => value === undefined)) {
    throw new UsageError('Give at least one of --weight, --state and --max-concurrency');
  }
  return { ...rest, state };
}

function describe({ weight, state, maxConcurrency }: Override): string {
  const parts = [
    weight && `weight ${number(weight.to)}`,
    state && state.to,
    maxConcurrency && `max concurrency ${number(maxConcurrency.to)}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function overrideTable(services: readonly InspectedService[], now: number): Line[] {
  const rows = services.flatMap(({ name, endpoints, overrides }) => {
    const ids = new Set(endpoints.map(({ endpoint }) => endpoint.id));
    return Array.from(overrides).flatMap(([target, override]) =>
      Object.entries(override).map(([field, { to, by, at }]): Span[] => [
        name,
        target === '*' || ids.has(target) ? target : styled('yellow', `${target} (not registered)`),
        field,
        typeof to === 'number' ? number(to) : to,
        by,
        `${duration(now - at)} ago`,
      ]),
    );
  });
  if (rows.length === 0) return [['Nothing is set.']];
  const headings = ['SERVICE', 'TARGET', 'FIELD', 'VALUE', 'SET BY', 'WHEN'];
  return table(
    headings.map((heading) => ({ heading })),
    rows,
  );
}
