import { readCorpus } from './corpus.ts';
import { fuzz, type FuzzTarget } from './fuzz.ts';

/** What was played. */
export interface Replayed {
  /** Inputs that were kept. */
  readonly kept: number;
  /** Those, and their variants. */
  readonly cases: number;
}

/** Plays all inputs that are kept for `target` below `root`, and 500 variants of them, the same each time. Rejects with `FuzzFinding`. */
export async function replayCorpus(target: FuzzTarget, root: URL): Promise<Replayed> {
  const corpus = readCorpus(root, target.name);
  let state = 1;
  // Any numbers will do, as long as they are the same each time.
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const { cases } = await fuzz(target, { cases: corpus.size + 500, random, corpus: [...corpus.values()] });
  return { kept: corpus.size, cases };
}
