import { setTimeout as after } from 'node:timers/promises';

import { put } from '../../etcd-keys.ts';
import { least, most, note, type Row, within } from '../../row.ts';

const count = 100;
const bytes = 2 ** 20;

export const hugeValues: Row = {
  name: 'registry/huge-values',
  fault: '100 values of 1 MiB each stand beside the endpoints, and a client starts that has to list them',
  promise: 'None is parsed; the client finds the 4 providers; 0 failed; the event loop is late by at most 50 ms',
  needs: ['etcd'],
  async run(stage) {
    const { client, registry, providers } = await stage.system();
    const huge = Buffer.alloc(bytes, 0x61);
    for (let index = 0; index < count; index += 1) {
      await put(registry, `lb/hash/huge-${index}`, huge);
      // A writer as fast as this one can be would be another fault.
      await after(20);
    }
    const startedAt = performance.now();
    const newcomer = await stage.client({ hosts: [registry.hosts] });
    const { ids, invalid } = await newcomer.until(
      '4 providers',
      (look) => look.ids.length === providers.length,
      30_000,
    );
    const readyMs = performance.now() - startedAt;
    const [one, other] = await Promise.all(
      [client, newcomer].map((each) =>
        stage.under({ client: each, load: { perSecond: 100, methods: 'get' }, fault: () => {}, forMs: 2000 }),
      ),
    );
    const failed = [...(one?.history.failed() ?? []), ...(other?.history.failed() ?? [])];
    return [
      most('failed', 0, failed.length, other?.history.failures()),
      within(
        'event loop late',
        50,
        Math.max(one?.history.records.loopLateMs ?? NaN, other?.history.records.loopLateMs ?? NaN),
      ),
      least('counted', count, invalid),
      most('endpoints too many', 0, ids.length - providers.length),
      note('the new client was ready after', readyMs, 'ms'),
    ];
  },
};
