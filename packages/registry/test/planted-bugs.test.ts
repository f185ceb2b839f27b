/** Whether every planted bug still fits the code that it is planted into; `pnpm test:model --bugs` lets the model catch them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { bugs } from './planted-bugs/bugs.ts';

it.each(bugs)('$name fits', ({ edits }) => {
  for (const { file, find } of edits) {
    const source = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
    expect(source.split(find)).toHaveLength(2);
  }
});
