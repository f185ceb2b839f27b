import { revokeAll } from '../../etcd-keys.ts';
import { least, most, note, type Row, within } from '../../row.ts';

export const massExpiry: Row = {
  name: 'registry/mass-expiry',
  fault: 'All leases end at once, while all 4 providers live',
  promise: '0 failed; at least half of the providers can be picked at any moment; all are registered again within 2 s',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { client, registry, providers } = await stage.system();
    let revoked = 0;
    const { history, at } = await stage.under({
      client,
      fault: async () => {
        revoked = await revokeAll(registry);
      },
      forMs: 6000,
    });
    const sizes = history.records.peers.filter((record) => record.at >= at).map(({ ids }) => ids.length);
    const looked = await client.look();
    const smallAt = history.firstPeers((ids) => ids.length < providers.length, at);
    return [
      most('failed', 0, history.failed().length, history.failures()),
      least('leases ended', providers.length, revoked),
      least('fewest peers at any moment', providers.length / 2, Math.min(providers.length, ...sizes)),
      within(
        'all back after',
        2000,
        Number.isNaN(smallAt) ? 0 : history.firstPeers((ids) => ids.length === providers.length, smallAt) - at,
      ),
      most('missing or suspect at the end', 0, providers.length - looked.ids.length + looked.suspects),
      note('snapshots meanwhile', sizes.length),
    ];
  },
};
