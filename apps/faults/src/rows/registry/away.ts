import { hasRestart } from '../../stage.ts';
import { least, most, note, type Row, within } from '../../row.ts';

const awayMs = 20_000;

export const away: Row = {
  name: 'registry/away',
  fault: 'etcd is killed, and starts again on its data 20 s later, four lifetimes of a lease',
  promise: '0 requests affected; no endpoint is dropped; stale within 5 s; the view is equal within 2 s of its return',
  needs: ['etcd'],
  async run(stage) {
    const { client, registry, providers } = await stage.system();
    if (!hasRestart(registry)) throw new TypeError('This etcd cannot be started again');
    const { history, at, healedAt } = await stage.under({
      client,
      fault: () => registry.kill(),
      forMs: awayMs,
      heal: () => registry.restart(),
      thenMs: 6000,
    });
    const sizes = history.records.peers.filter((record) => record.at >= at).map(({ ids }) => ids.length);
    const staleAt = history.events('lost', at)[0]?.at ?? NaN;
    const back = history.events('recovered', healedAt).at(-1)?.at ?? NaN;
    const looked = await client.look();
    return [
      most('failed', 0, history.failed().length, history.failures()),
      least('fewest peers at any moment', providers.length, Math.min(providers.length, ...sizes)),
      within('stale after', 5000, staleAt - at),
      within('current after its return', 2000, back - healedAt),
      most('stale at the end', 0, looked.stale ? 1 : 0),
      note('requests meanwhile', history.requests(at, healedAt).length),
    ];
  },
};
