/** Random commands and faults against a slow, obvious model; see `model/world.ts` for what has to hold. */
import { hasEtcd } from '@lb/testkit';
import { expect, it } from 'vitest';

import { runShards } from './model/shards.ts';

const { FC_RUNS: asked, FC_SEED: given, CI: ci } = process.env;
const tell = (line: string): boolean => process.stdout.write(`${line}\n`);
const seed = Number(given ?? Math.floor(Math.random() * 2 ** 31));

it(
  'the view and the registration converge, whatever happens to etcd and the network',
  { timeout: 1_200_000 },
  async () => {
    const runs = Number(asked ?? (ci === undefined ? 100 : 1000));
    tell(`model: ${runs} runs on the embedded etcd, seed ${seed}`);
    const result = await runShards({ runs, seed });
    tell(`model: ${result.commands} commands, slowest convergence ${result.slowestMs.toFixed(0)} ms`);
    expect(result.runs).toBeGreaterThanOrEqual(runs);
  },
);

it.skipIf(!hasEtcd())('so they do on a real etcd', { timeout: 1_200_000 }, async () => {
  tell(`model: 2 runs on a real etcd, seed ${seed}`);
  expect(await runShards({ runs: 2, seed, real: true })).toMatchObject({ runs: 2 });
});
