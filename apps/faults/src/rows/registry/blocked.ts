import { setTimeout as after } from 'node:timers/promises';

import { now } from '../../now.ts';
import { Operator } from '../../operator.ts';
import { most, type Row, within } from '../../row.ts';
import { ttlSeconds } from '../../stage.ts';

const prefix = 'lb/hash/';
const lookEveryMs = 10;
const giveUpMs = 30_000;

export const blocked: Row = {
  name: 'registry/event-loop-blocked',
  fault: `a provider computes for ${ttlSeconds + 3} s without letting anything else run, longer than its TTL`,
  promise: 'back in etcd within 1 s, under one key',
  needs: ['etcd'],
  quick: true,
  async run(stage) {
    const registry = await stage.registry();
    const operator = new Operator([registry.hosts]);
    const provider = await stage.provider({ name: 'p1', hosts: registry.hosts });
    const keys = async (): Promise<number> => (await operator.read(prefix)).values.size;
    const until = async (count: number): Promise<void> => {
      for (const deadline = now() + giveUpMs; (await keys()) !== count && now() < deadline;) await after(lookEveryMs);
    };
    await until(1);
    const blocking = provider.tell({ kind: 'block', ms: (ttlSeconds + 3) * 1000 });
    await until(0);
    await blocking;
    const unblockedAt = now();
    await until(1);
    const backMs = now() - unblockedAt;
    let largest = 0;
    for (const from = now(); now() - from < 1000; await after(lookEveryMs)) largest = Math.max(largest, await keys());
    return [within('back in etcd', 1000, backMs), most('keys at once', 1, largest)];
  },
};
