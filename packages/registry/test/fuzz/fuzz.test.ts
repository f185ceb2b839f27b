import { replayCorpus } from '@lb/testkit';
import { expect, it } from 'vitest';

import { targets } from './targets.ts';

it.each(targets)(
  '$name keeps its promises for all that was ever found, and for some variants of it',
  async (target) => {
    const { kept, cases } = await replayCorpus(target, new URL('corpus/', import.meta.url));
    expect([kept > 0, cases]).toEqual([true, kept + 500]);
  },
);
