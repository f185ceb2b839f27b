import { setTimeout as after } from 'node:timers/promises';

import { now } from '../../now.ts';
import { runsOf } from '../../processes/provider.ts';
import { most, note, type Row, within } from '../../row.ts';
import { ttlSeconds } from '../../stage.ts';

const cutMs = 12_000;

export const clientCutOff: Row = {
  name: 'network/registry-unreachable-for-client',
  fault: `All packets between the client and etcd get lost for 12 s, more than two lifetimes of a lease; a provider is replaced meanwhile`,
  promise:
    '0 requests affected; stale within 5 s; the age of the view right to 1 s; the view equal within 5 s of the heal',
  async run(stage) {
    const { client, providers, links } = await stage.linkedSystem();
    const [, replaced] = providers;
    if (replaced === undefined) throw new RangeError('There are four providers');
    const [old = ''] = (await client.look()).ids.filter((id) => id.startsWith(`${replaced.name}-`));
    let staleAt = NaN;
    let ageError = NaN;
    const { history, at, healedAt } = await stage.under({
      client,
      fault: async () => {
        const cutAt = now();
        links.clientToRegistry.hole();
        await client.until('that its view is stale', ({ stale }) => stale, 30_000);
        staleAt = now();
        const [before, lookedAt] = [await client.look(), now()];
        await replaced.stop();
        await replaced.restart();
        await after(Math.max(0, cutAt + cutMs - now()));
        const [later, lookedAgainAt] = [await client.look(), now()];
        ageError = Math.abs(later.ageMs - before.ageMs - (lookedAgainAt - lookedAt));
      },
      forMs: 0,
      heal: () => links.clientToRegistry.heal(),
      thenMs: 7000,
    });
    const equalAt = history.firstPeers(
      (ids) => !ids.includes(old) && runsOf(replaced, ids) === 1 && ids.length === providers.length,
      healedAt,
    );
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('stale after', 5000, staleAt - at),
      within('error of the age', 1000, ageError),
      within('equal after the heal', 5000, equalAt - healedAt),
    ];
  },
};

export const providerCutOff: Row = {
  name: 'network/registry-unreachable-for-provider',
  fault: 'All packets between one of 4 providers and etcd get lost for 12 s, so that its lease ends',
  promise: '0 failed; it goes on serving; registered again within 2 s of the heal',
  async run(stage) {
    const { client, victim, links } = await stage.linkedSystem();
    const { history, at, healedAt } = await stage.under({
      client,
      fault: () => links.victimToRegistry.hole(),
      forMs: cutMs,
      heal: () => links.victimToRegistry.heal(),
      thenMs: 4000,
    });
    const goneAt = history.firstPeers((ids) => runsOf(victim, ids) === 0, at);
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('back after the heal', 2000, history.firstPeers((ids) => runsOf(victim, ids) === 1, healedAt) - healedAt),
      most('broken off by the provider', 0, victim.running ? 0 : 1),
      note('left the registry after', goneAt - at, 'ms'),
      note('of a lease of', ttlSeconds * 1000, 'ms'),
    ];
  },
};
