import type { RealEtcd } from '@lb/testkit';
import fc from 'fast-check';

import { commands, endFaults, newModel } from './commands.ts';
import { embeddedSite, realSite, type Site } from './site.ts';
import { World } from './world.ts';

export interface ModelOptions {
  readonly runs: number;
  readonly seed: number;
  /** Of a failure that is to be seen again. */
  readonly path?: string | undefined;
  /** Of the commands in it, when it was shrunk: what stands beside them. */
  readonly replayPath?: string | undefined;
  /** Runs on this etcd, in real time; without it on the embedded one, in virtual time. */
  readonly etcd?: RealEtcd | undefined;
  /** Whether to look for the shortest way to a failure. Defaults to true. */
  readonly shrink?: boolean;
}

export interface ModelResult {
  readonly runs: number;
  readonly commands: number;
  /** The slowest convergence of all. */
  readonly slowestMs: number;
}

/** Runs the model. Rejects with what fast-check says of the first failure, shrunk, and the seed and path to see it again. */
export async function runModel({
  runs,
  seed,
  path,
  replayPath,
  etcd,
  shrink = true,
}: ModelOptions): Promise<ModelResult> {
  const newSite = (): Promise<Site> => (etcd === undefined ? embeddedSite() : realSite(etcd));
  const probe = await newSite();
  await probe.close();
  let worlds = 0;
  let ran = 0;
  let slowestMs = 0;
  await fc.assert(
    fc.asyncProperty(commands(probe, replayPath), fc.integer(), async (list, chance) => {
      worlds += 1;
      const site = await newSite();
      const world = new World({ site, seed: chance, name: `model-${worlds}` });
      const model = newModel();
      try {
        await world.open();
        await fc.asyncModelRun(() => ({ model, real: world }), list);
        await endFaults(model, world);
        await world.close();
        ran += [...list].length;
        slowestMs = Math.max(slowestMs, world.slowestMs);
      } finally {
        await site.close();
      }
    }),
    { numRuns: runs, seed, ...(path !== undefined && { path }), endOnFailure: !shrink },
  );
  return { runs, commands: ran, slowestMs };
}
