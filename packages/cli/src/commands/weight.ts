/** Sets the share of an endpoint from outside. */
import type { Command } from '../command.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { readNumber } from '../given.ts';
import { number } from '../numbers.ts';
import { byOption, readOperator } from '../operator.ts';
import { etcdOptions, readEtcdOptions } from '../settings.ts';
import { withOverrides } from '../with-overrides.ts';

export const weight: Command = {
  name: 'weight',
  about: 'set the weight of an endpoint, or take that back',
  positionals: [
    { name: 'service', about: 'its service', complete: 'service' },
    { name: 'id', about: 'its id, or how only its id begins; * for all', complete: 'endpoint' },
    { name: 'number', optional: true, about: 'its weight relative to the others; 0 for no new requests' },
  ],
  options: { clear: { about: 'go back to what it registered' }, by: byOption, ...etcdOptions },
  details: `A weight for an id counts before one for *. It is an override: it stays until it is cleared.`,
  run: async (given, terminal, world) => {
    const text = given.positional('number');
    if ((text === undefined) !== given.flag('clear')) throw new UsageError('Give a number, or --clear');
    const to = text === undefined ? undefined : readNumber('NUMBER', text, { min: 0 });
    const { findTarget, isMeant } = await import('../target.ts');
    const etcd = await readEtcdOptions(given, world.env);
    const name = given.required('service');
    const { id, service } = await findTarget(etcd, name, given.required('id'), world.signal);
    const options = { ...etcd, service: name };

    if (to === undefined) {
      const before = service.overrides.get(id)?.weight;
      await withOverrides(options, world.signal, (overrides) => overrides.clear(id, ['weight']));
      const what = before === undefined ? 'nobody had set one' : `${before.by} had set ${number(before.to)}`;
      terminal.line(`${name}: no weight is set for ${id}; ${what}`);
      return exitCodes.ok;
    }
    await withOverrides(options, world.signal, (overrides) => overrides.set(id, { weight: to }, readOperator(given)));
    const before = service.endpoints
      .filter(({ endpoint }) => isMeant(id, endpoint))
      .map(({ endpoint }) => endpoint.weight);
    const was = new Set(before.map((one) => number(one ?? 1)));
    terminal.line(`${name}: ${id} has weight ${number(to)}${was.size === 0 ? '' : ` after ${[...was].join(', ')}`}`);
    return exitCodes.ok;
  },
};
