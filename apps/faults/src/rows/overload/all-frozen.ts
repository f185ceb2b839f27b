import { quantile } from '@lb/testkit';

import { least, most, type Row, within } from '../../row.ts';

export const allFrozen: Row = {
  name: 'overload/all-frozen',
  fault: 'All 4 providers are frozen (SIGSTOP) for 2 s at 1000 requests a second',
  promise:
    'At most 64 sockets to each provider; at most 128 requests wait, the others fail at once as overflow; sockets back to where they were within 10 s',
  async run(stage) {
    const { client, providers } = await stage.system();
    const sent = { perSecond: 1000, methods: 'get' } as const;
    let atMost = 0;
    const { history, at, healedAt } = await stage.under({
      client,
      load: sent,
      fault: () => {
        for (const provider of providers) provider.freeze();
      },
      forMs: 2000,
      heal: async () => {
        atMost = (await client.look()).sockets;
        for (const provider of providers) provider.thaw();
      },
      thenMs: 1000,
    });
    const { sockets } = await client.until('its sockets closed', (look) => look.sockets <= 16, 10_000);
    const overflowed = history.failed(at, healedAt).filter(({ failure }) => failure === 'ERR_OVERFLOW');
    return [
      most('sockets', 64 * providers.length + 16, atMost),
      most('sockets at the end', 16, sockets),
      least('overflowed', 1, overflowed.length),
      within(
        'p99 of what overflowed',
        20,
        quantile(
          overflowed.map(({ elapsedMs }) => elapsedMs),
          0.99,
        ),
      ),
      most(
        'failures of another kind than overflow and deadline',
        0,
        history.failed().filter(({ failure }) => failure !== 'ERR_OVERFLOW' && failure !== 'ERR_DEADLINE').length,
        history.failures(),
      ),
    ];
  },
};
