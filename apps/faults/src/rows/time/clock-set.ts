import { setTimeout as after } from 'node:timers/promises';

import { most, type Row } from '../../row.ts';

const hourMs = 3_600_000;

export const clockSet: Row = {
  name: 'time/clock-set',
  fault: 'The clocks of the client and of all 4 providers are set forward by an hour, and 4 s later back by two',
  promise: '0 failed; nobody is ejected, dropped or registered anew; etcd is not lost',
  async run(stage) {
    const { client, providers } = await stage.system();
    const before = (await client.look()).ids.toSorted();
    const shift = (ms: number): Promise<unknown> =>
      Promise.all([client.shiftClock(ms), ...providers.map((provider) => provider.tell({ kind: 'shift', ms }))]);
    const { history, at } = await stage.under({
      client,
      fault: async () => {
        await shift(hourMs);
        await after(4000);
        await shift(-2 * hourMs);
      },
      // Longer than a lease lives that is not renewed.
      forMs: 11_000,
    });
    const events = history.records.events.filter((event) => event.at >= at);
    const ids = (await client.look()).ids.toSorted();
    return [
      most('failed', 0, history.failed().length, history.failures()),
      most(
        'ejections, and losses of etcd',
        0,
        events.length,
        events.map(({ kind, about }) => `${kind} ${about}`).join(', '),
      ),
      most('changes of peers', 0, ids.join() === before.join() ? 0 : 1),
    ];
  },
};
