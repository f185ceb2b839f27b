import { setTimeout as after } from 'node:timers/promises';

import { most, type Row } from '../../row.ts';

const resets = 15;
const everyMs = 200;

export const resetting: Row = {
  name: 'network/resets',
  fault: 'All connections to one of 4 providers are reset every 200 ms for 3 s',
  promise: '0 failed of those that may be repeated; at most 1.10 attempts a request',
  async run(stage) {
    const { client, links } = await stage.linkedSystem();
    const { history, at, healedAt } = await stage.under({
      client,
      fault: async () => {
        for (let reset = 0; reset < resets; reset += 1) {
          links.clientToVictim.reset();
          await after(everyMs);
        }
      },
      forMs: 0,
      thenMs: 500,
    });
    return [
      most('failed', 0, history.failed().length, history.failures()),
      most('attempts a request', 1.1, history.attemptsPerRequest(at, healedAt)),
    ];
  },
};
