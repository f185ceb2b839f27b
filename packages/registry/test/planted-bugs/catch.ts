import { availableParallelism } from 'node:os';

import { runShard } from '../model/shards.ts';
import { bugs } from './bugs.ts';

export interface Catch {
  readonly caught: readonly string[];
  readonly missed: readonly string[];
}

/** Runs that a bug may hide for. */
const runs = 400;

/** Plants every bug, one at a time, and runs the model until it fails. */
export async function catchBugs(options: {
  readonly seed: number;
  readonly tell: (line: string) => void;
}): Promise<Catch> {
  const { seed, tell } = options;
  const caught: string[] = [];
  const missed: string[] = [];
  const left = [...bugs];
  const work = async (): Promise<void> => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      const end = await runShard({ runs, seed, plant: bug.name });
      if ('failure' in end && !isCaught(end.failure)) throw new Error(`"${bug.name}" did not run: ${end.failure}`);
      ('failure' in end ? caught : missed).push(bug.name);
      tell('failure' in end ? `caught: ${bug.name} (${sign(end.failure)})` : `MISSED: ${bug.name}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return { caught, missed };
}

/** Whether the model has failed; a bug that keeps it from running is none that it has caught. */
function isCaught(failure: string): boolean {
  return failure.includes('Property failed after');
}

/** The invariant that was broken, and when. */
function sign(failure: string): string {
  const cause = /cause\]: \w*Error: (.*)/.exec(failure)?.[1] ?? 'it failed';
  const after = /Property failed after (\d+) tests/.exec(failure)?.[1];
  return `${cause.slice(0, 100)}, in run ${after}`;
}
