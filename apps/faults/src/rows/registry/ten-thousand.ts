import { endpointValue, put, putMany } from '../../etcd-keys.ts';
import { now } from '../../now.ts';
import { least, type Row, within } from '../../row.ts';

const count = 10_000;

function address(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}:80`;
}

export const tenThousand: Row = {
  name: 'registry/ten-thousand',
  fault: '10 000 endpoints of one service',
  promise: 'All are listed within 1 s; one more is known within 500 ms of its put',
  needs: ['etcd'],
  async run(stage) {
    const registry = await stage.registry();
    const entries = Array.from({ length: count }, (_, index): readonly [string, string] => {
      const id = `many-${index}`;
      return [`lb/hash/${id}`, endpointValue(id, address(index), { weight: 1, metadata: { name: id } })];
    });
    await putMany(registry, entries.slice(0, -1));
    const client = await stage.client({ hosts: [registry.hosts] });
    const openedAt = now();
    await client.until('all of them', ({ ids }) => ids.length === count - 1, 20_000);
    const putAt = now();
    const [key = '', value = ''] = entries.at(-1) ?? [];
    await put(registry, key, value);
    await client.until('one more', ({ ids }) => ids.length === count, 20_000);
    const history = await client.end();
    return [
      within('listed after', 1000, history.firstPeers((ids) => ids.length >= count - 1, -Infinity) - openedAt),
      within('one more after', 500, history.firstPeers((ids) => ids.length === count, putAt) - putAt),
      least('endpoints', count, (await client.look()).ids.length),
    ];
  },
};
