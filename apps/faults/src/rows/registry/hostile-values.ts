import { setTimeout as after } from 'node:timers/promises';

import { endpointValue, put } from '../../etcd-keys.ts';
import { least, most, type Row } from '../../row.ts';

/** What a value must never be taken for an endpoint with, as the bytes that somebody might write. */
const hostile: readonly (string | Buffer)[] = [
  '',
  'null',
  '[]',
  '42',
  '"text"',
  'not JSON',
  '{"Addr":',
  '['.repeat(2000),
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.alloc(4000, 0x20),
  '{"Addr":1}',
  '{"Addr":null}',
  '{"Addr":["127.0.0.1:80"]}',
  '{"Addr":"127.0.0.1:80","lb":[]}',
  '{"Addr":"127.0.0.1:80","lb":{"id":"somebody else"}}',
  '{"Addr":"127.0.0.1:80","lb":{"weight":-1}}',
  '{"Addr":"127.0.0.1:80","lb":{"weight":1e999}}',
  '{"Addr":"127.0.0.1:80","lb":{"weight":"1"}}',
  '{"Addr":"127.0.0.1:80","lb":{"weight":{"valueOf":1}}}',
  '{"Addr":"127.0.0.1:80","lb":{"maxConcurrency":-1}}',
  '{"Addr":"127.0.0.1:80","lb":{"zone":7}}',
  '{"Addr":"127.0.0.1:80","lb":{"state":"dead"}}',
  '{"Addr":"127.0.0.1:80","lb":{"startedAt":"yesterday"}}',
  '{"Addr":"127.0.0.1:80","lb":{"metadata":[]}}',
  '{"Addr":"127.0.0.1:80","lb":{"metadata":{"name":7}}}',
  '{"Addr":"127.0.0.1:80\\r\\nhost: evil","lb":{}}',
  '{"Addr":"\\u0000","lb":{}}',
  '{"Addr":"127.0.0.1:80/../../","lb":{}}',
  '{"Addr":"u:p@127.0.0.1:80","lb":{}}',
];

export const hostileValues: Row = {
  name: 'registry/hostile-values',
  fault: `${hostile.length} values that are no endpoints, under keys of their own and then over a key that held a good one`,
  promise:
    'No crash; no endpoint of them; the last good value is kept; each is counted; nobody is connected to; 0 failed',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const { client, registry, providers } = await stage.system();
    const good = 'good-1';
    // Listed and, with a weight of 0, never sent to.
    await put(registry, `lb/hash/${good}`, endpointValue(good, '10.255.255.1:80', { weight: 0, zone: 'kept' }));
    await client.until('the good one', ({ ids }) => ids.includes(good), 5000);
    const { history } = await stage.under({
      client,
      fault: async () => {
        for (const [index, value] of hostile.entries()) {
          await put(registry, `lb/hash/hostile-${index}`, value);
          await put(registry, `lb/hash/${good}`, value);
        }
        await put(registry, 'lb/hash/a/b/c', endpointValue('a', '10.255.255.2:80'));
        await put(registry, 'lb/hash/%', endpointValue('%', '10.255.255.2:80'));
        await put(registry, 'lb/hash/', endpointValue('', '10.255.255.2:80'));
      },
      forMs: 1000,
    });
    await after(200);
    const { ids, invalid, connects } = await client.look();
    const wanted = [registry.port, ...providers.map(({ port }) => port)].map((port) => `127.0.0.1:${port}`);
    return [
      most('failed', 0, history.failed().length, history.failures()),
      most('endpoints too many', 0, ids.length - providers.length - 1, ids.join(', ')),
      least('the good one is kept', 1, ids.includes(good) ? 1 : 0),
      least('counted', 2 * hostile.length, invalid),
      most(
        'addresses connected to that nobody registered',
        0,
        connects.filter((address) => !wanted.includes(address)).length,
      ),
    ];
  },
};
