import { setTimeout as after } from 'node:timers/promises';

import { endpointValue, put } from '../../etcd-keys.ts';
import { least, most, type Row } from '../../row.ts';
import { addresses } from './addresses.ts';

export const spellings: Row = {
  name: 'security/spellings',
  fault: `${addresses.length} addresses are registered that lead to loopback, to a cloud's metadata, to another host or nowhere, spelled in as many ways`,
  promise: 'No socket is opened to any of them; each is counted; 0 failed',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { client, registry, providers } = await stage.system();
    const { history } = await stage.under({
      client,
      fault: async () => {
        for (const [index, address] of addresses.entries()) {
          const id = `spelled-${index}`;
          await put(registry, `lb/hash/${id}`, endpointValue(id, address));
        }
      },
      forMs: 2000,
    });
    await after(200);
    const { ids, invalid, connects } = await client.look();
    const wanted = [registry.port, ...providers.map(({ port }) => port)].map((port) => `127.0.0.1:${port}`);
    const others = connects.filter((address) => !wanted.includes(address));
    return [
      most('sockets to others', 0, others.length, others.join(', ')),
      most(
        'endpoints too many',
        0,
        ids.length - providers.length,
        ids.filter((id) => id.startsWith('spelled')).join(', '),
      ),
      least('counted', addresses.length, invalid),
      most('failed', 0, history.failed().length, history.failures()),
    ];
  },
};
