import { now } from '../../now.ts';
import { runsOf } from '../../processes/provider.ts';
import { most, type Row, within } from '../../row.ts';
import { ttlSeconds } from '../../stage.ts';

export const restarted: Row = {
  name: 'provider/restarted',
  fault: 'SIGKILL to one of 4 providers, which starts again at once at the same address with a new id',
  promise:
    '0 failed; the new run serves within 500 ms of being listed; the old one is gone within TTL + 1 s; never both at once',
  async run(stage) {
    const { client, victim } = await stage.system();
    const [old = ''] = (await client.look()).ids.filter((id) => id.startsWith(`${victim.name}-`));
    let killedAt = NaN;
    const { history } = await stage.under({
      client,
      fault: async () => {
        killedAt = now();
        await victim.kill();
        await victim.restart();
      },
      forMs: (ttlSeconds + 2) * 1000,
    });
    const listedAt = history.firstPeers(
      (ids) => ids.some((id) => id !== old && id.startsWith(`${victim.name}-`)),
      killedAt,
    );
    const both = history.records.peers.filter(({ ids }) => runsOf(victim, ids) > 1).length;
    return [
      most('failed', 0, history.failed().length, history.failures()),
      within('serves after being listed', 500, history.firstAnswer(victim.name, listedAt) - listedAt),
      within(
        'old run gone',
        ttlSeconds * 1000 + 1000,
        history.firstPeers((ids) => !ids.includes(old), killedAt) - killedAt,
      ),
      most('moments with both', 0, both),
    ];
  },
};
