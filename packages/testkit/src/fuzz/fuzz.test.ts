import { expect, it } from 'vitest';

import { fuzz, FuzzFinding, type FuzzTarget } from './fuzz.ts';
import { seededChance } from './mutate.ts';

/** Fails for what begins with `word`, and answers with how much of it an input begins with. */
function lock(word: string): FuzzTarget {
  return {
    name: 'lock',
    words: [],
    run: (input) => {
      let right = 0;
      while (right < word.length && input[right] === word.charCodeAt(right)) right += 1;
      if (right === word.length) throw new Error('open');
      return `${right} right`;
    },
  };
}

it('finds by steps what no single change would, since it keeps what had a new consequence', async () => {
  const finding = await fuzz(lock('fuzz!'), {
    cases: 200_000,
    random: seededChance(1),
    corpus: [Buffer.from('hello')],
  }).catch((error: unknown) => error);
  expect(finding).toBeInstanceOf(FuzzFinding);
  expect(finding).toMatchObject({ cause: new Error('open') });
});

it('does the same for the same seed', async () => {
  const run = (seed: number): Promise<unknown> =>
    fuzz(lock('no such luck'), { cases: 2000, random: seededChance(seed), corpus: [Buffer.from('hello')] });
  expect(await run(1)).toEqual(await run(1));
  expect(await run(1)).not.toEqual(await run(2));
});

it('tries what is in the corpus as it is, and first', async () => {
  const tried: string[] = [];
  const corpus = ['one', 'two'].map((text) => Buffer.from(text));
  const onCase = (input: Buffer): void => void tried.push(input.toString());
  const { cases, novel } = await fuzz(lock('key'), { cases: 2, random: seededChance(1), corpus, onCase });
  expect([tried, cases, novel]).toEqual([['one', 'two'], 2, []]);
});
