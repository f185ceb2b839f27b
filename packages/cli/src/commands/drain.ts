/** Takes an endpoint out of service from outside, and back. */
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { etcdOptions, readEtcdOptions } from '../settings.ts';
import { byOption, readOperator } from '../operator.ts';
import { shellWord } from '../shell-word.ts';
import { styled, Terminal } from '../terminal/terminal.ts';
import { withOverrides } from '../with-overrides.ts';

export const drain: Command = {
  name: 'drain',
  about: 'give an endpoint no new requests, or take that back',
  positionals: [
    { name: 'service', about: 'its service', complete: 'service' },
    { name: 'id', about: 'its id, or how only its id begins; * for all', complete: 'endpoint' },
  ],
  options: { undo: { about: 'let it serve again' }, by: byOption, ...etcdOptions },
  details: `All consumers follow within a second. The endpoint finishes the requests that it has; it gets new ones only while
every endpoint drains. It is an override: it stays until it is undone, also when the process registers again.`,
  run: async (given, terminal, world) => {
    const { findTarget, isMeant } = await import('../target.ts');
    const etcd = await readEtcdOptions(given, world.env);
    const name = given.required('service');
    const { id, service } = await findTarget(etcd, name, given.required('id'), world.signal);
    const options = { ...etcd, service: name };
    const who = id === '*' ? 'every endpoint' : id;

    if (given.flag('undo')) {
      const before = service.overrides.get(id)?.state;
      await withOverrides(options, world.signal, (overrides) => overrides.clear(id, ['state']));
      const still = id !== '*' && service.overrides.get('*')?.state !== undefined;
      terminal.line(
        before === undefined
          ? `${name}: nobody had set ${who} to drain`
          : `${name}: ${who} serves again, unless it drains by itself; ${before.by} had set it to drain`,
      );
      if (still) terminal.line(`It still drains with all the others: lb drain ${name} '*' --undo`);
      return exitCodes.ok;
    }

    await withOverrides(options, world.signal, (overrides) =>
      overrides.set(id, { state: 'draining' }, readOperator(given)),
    );
    terminal.line(`${name}: ${who} drains: no new requests. To undo: lb drain ${name} ${shellWord(id)} --undo`);
    const left = service.endpoints.filter(
      ({ endpoint, counts }) => counts && endpoint.state === 'serving' && !isMeant(id, endpoint),
    );
    if (left.length === 0) {
      const warnings = new Terminal(world.stderr, world.env);
      warnings.line(
        styled('yellow', 'lb:'),
        ` ${name} has no serving endpoint left; consumers go on with those that drain`,
      );
    }
    return exitCodes.ok;
  },
};
