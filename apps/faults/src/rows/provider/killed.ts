import { setTimeout as after } from 'node:timers/promises';

import { now } from '../../now.ts';
import { most, note, type Row, within } from '../../row.ts';
import { runsOf } from '../../processes/provider.ts';
import { ttlSeconds } from '../../stage.ts';

const watchedMs = 2500;

export const killed: Row = {
  name: 'provider/killed',
  fault: 'SIGKILL to one of 4 providers at 300 requests a second',
  promise: '0 failed; out within 100 ms, and of the registry within TTL + 1 s; at most 1.05 attempts a request',
  quick: true,
  async run(stage) {
    const { client, victim } = await stage.system();
    await stage.calm(client);
    const at = now();
    await victim.kill();
    await after((ttlSeconds + 2) * 1000);
    const history = await client.end();
    const end = at + watchedMs;
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('out of rotation', 100, history.outOfRotation(victim.name, at) - at),
      within(
        'left the registry',
        ttlSeconds * 1000 + 1000,
        history.firstPeers((ids) => runsOf(victim, ids) === 0, at) - at,
      ),
      most('attempts a request', 1.05, history.attemptsPerRequest(at, end)),
      note('attempts on it in all', history.attempts(at).filter(({ provider }) => provider === victim.name).length),
      note('requests', history.count),
    ];
  },
};
