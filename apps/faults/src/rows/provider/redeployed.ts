import { setTimeout as after } from 'node:timers/promises';

import type { Client } from '../../processes/client.ts';
import { most, note, type Row } from '../../row.ts';
import { mixedLoad } from '../../stage.ts';

export const redeployed: Row = {
  name: 'provider/redeployed',
  fault: 'All 4 providers are replaced one by one (SIGTERM, then started again); half of the requests are POSTs',
  promise: '0 failed of any method; at most 1.05 attempts a request',
  async run(stage) {
    const { client, providers } = await stage.system();
    const exits: (number | string)[] = [];
    const { history, at, healedAt } = await stage.under({
      client,
      load: mixedLoad,
      fault: async () => {
        for (const provider of providers) {
          const [old = ''] = (await client.look()).ids.filter((id) => id.startsWith(`${provider.name}-`));
          exits.push(await provider.stop());
          await provider.restart();
          await isReplaced(client, provider.name, old);
        }
      },
      forMs: 0,
      thenMs: 1000,
    });
    return [
      most('failed', 0, history.failed().length, history.failures()),
      most('attempts a request', 1.05, history.attemptsPerRequest(at)),
      most('exits other than 0', 0, exits.filter((exit) => exit !== 0).length),
      note('it took', healedAt - at, 'ms'),
      note('requests', history.count),
    ];
  },
};

/** The next one goes when the client has the new run of this one, and has given it some requests. */
async function isReplaced(client: Client, name: string, old: string): Promise<void> {
  await client.until(
    `a new run of ${name}`,
    ({ ids }) => ids.some((id) => id !== old && id.startsWith(`${name}-`)),
    20_000,
  );
  await after(500);
}
