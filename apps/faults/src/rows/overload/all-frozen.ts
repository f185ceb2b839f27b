import { quantile } from '@lb/testkit';

import { least, most, note, type Row, within } from '../../row.ts';

export const allFrozen: Row = {
  name: 'overload/all-frozen',
  fault: 'All 4 providers are frozen (SIGSTOP) for 2 s at 1000 requests a second',
  promise:
    'At most 64 sockets to each provider; at most 128 requests wait, the others fail as overflow, at once unless they had been sent before; sockets back to where they were within 10 s',
  async run(stage) {
    const { client, providers } = await stage.system();
    const sent = { perSecond: 1000, methods: 'get' } as const;
    let full = { sockets: 0, queued: 0 };
    const { history, at, healedAt } = await stage.under({
      client,
      load: sent,
      fault: () => {
        for (const provider of providers) provider.freeze();
      },
      forMs: 2000,
      heal: async () => {
        const { sockets, queued } = await client.look();
        full = { sockets, queued };
        for (const provider of providers) provider.thaw();
      },
      thenMs: 1000,
    });
    const { sockets } = await client.until('its sockets closed', (look) => look.sockets <= 16, 10_000);
    const overflowed = history.failed(at, healedAt).filter(({ failure }) => failure === 'ERR_OVERFLOW');
    const waits = overflowed.map(({ elapsedMs }) => elapsedMs);
    // A provider that was just thawed finds its event loop late, and refuses some; and some whose deadline has passed, a moment before
    // the client does.
    const expected = ['ERR_OVERFLOW', 'ERR_DEADLINE', '503', '504', undefined];
    return [
      most('sockets', 64 * providers.length + 16, full.sockets),
      most('waiting', 128, full.queued),
      most('sockets at the end', 16, sockets),
      least('overflowed', 1, overflowed.length),
      // Half: the others had been sent once, and found no room to be sent again when nobody had answered in time.
      within('median of what overflowed', 20, quantile(waits, 0.5)),
      note('p99 of what overflowed', quantile(waits, 0.99), 'ms'),
      most(
        'failures of another kind than overflow, deadline and refusal',
        0,
        history.failed().filter(({ failure }) => !expected.includes(failure)).length,
        history.failures(),
      ),
    ];
  },
};
