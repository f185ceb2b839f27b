/** Loaded before anything else (`--import`): plants the bug that `PLANT` names into the sources as they are loaded. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

import { bugs } from './bugs.ts';

const bug = bugs.find(({ name }) => name === process.env['PLANT']);
if (bug === undefined) throw new Error(`There is no bug "${process.env['PLANT']}" to plant`);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edits = bug.edits.filter(({ file }) => url.endsWith(`/packages/registry/src/${file}`));
    if (edits.length === 0) return loaded;
    let source = readFileSync(fileURLToPath(url), 'utf8');
    for (const { find, replace } of edits) {
      // A bug that no longer fits the code proves nothing.
      if (source.split(find).length !== 2) throw new Error(`"${bug.name}" does not fit ${url}: ${find}`);
      source = source.replace(find, () => replace);
    }
    return { ...loaded, source };
  },
});
