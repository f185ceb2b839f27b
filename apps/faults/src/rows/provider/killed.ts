import { runsOf } from '../../processes/provider.ts';
import { most, note, type Row, within } from '../../row.ts';
import { ttlSeconds } from '../../stage.ts';

export const killed: Row = {
  name: 'provider/killed',
  fault: 'SIGKILL to one of 4 providers at 300 requests a second',
  promise: '0 failed; out within 100 ms, and of the registry within TTL + 1 s; at most 1.05 attempts a request',
  quick: true,
  async run(stage) {
    const { client, victim } = await stage.system();
    const { history, at } = await stage.under({ client, fault: () => victim.kill(), forMs: (ttlSeconds + 2) * 1000 });
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('out of rotation', 100, history.outOfRotation(victim.name, at) - at),
      within(
        'left the registry',
        ttlSeconds * 1000 + 1000,
        history.firstPeers((ids) => runsOf(victim, ids) === 0, at) - at,
      ),
      most('attempts a request', 1.05, history.attemptsPerRequest(at, at + 2500)),
      note('attempts on it in all', history.attempts(at).filter(({ provider }) => provider === victim.name).length),
      note('requests', history.count),
    ];
  },
};
