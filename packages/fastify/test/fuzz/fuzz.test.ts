import { fuzz, readCorpus } from '@lb/testkit';
import { describe, expect, it } from 'vitest';

import { targets } from './targets.ts';

describe.each(targets)('$name', (target) => {
  const corpus = readCorpus(new URL('corpus/', import.meta.url), target.name);

  it('keeps its promises for all that was ever found, and for some variants of it', async () => {
    let state = 1;
    // Any numbers will do, as long as they are the same each time.
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const { cases } = await fuzz(target, { cases: corpus.size + 500, random, corpus: [...corpus.values()] });
    expect([corpus.size > 0, cases]).toEqual([true, corpus.size + 500]);
  });
});
