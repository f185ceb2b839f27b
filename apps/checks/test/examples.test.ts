/** Every example of every README and of `docs/` compiles, runs, ends by itself, and prints what it says it prints. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';

import { root } from '../src/repository.ts';
import { runSnippet } from '../src/snippets/run-snippet.ts';
import { readSnippets } from '../src/snippets/snippet.ts';

const documents = globSync(['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'packages/*/README.md', 'deploy/**/*.md'], {
  cwd: root,
  exclude: (path) => /node_modules|docs\/reference/.test(path),
});
const examples = documents.flatMap((document) =>
  readSnippets(readFileSync(join(root, document), 'utf8'), ['ts', 'js']).map((snippet) => ({
    ...snippet,
    title: `${document}:${snippet.line}`,
    name: `${document.replaceAll(/\W+/g, '-')}-${snippet.line}`,
  })),
);

// Within this workspace, which has everything installed that examples import.
const folder = join(import.meta.dirname, '../.vitest/examples');
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});

it('compile', () => {
  for (const { name, code, language } of examples) {
    if (language === 'ts') writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {};\n`);
  }
  const options = { extends: '../../../../tsconfig.base.json', include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
  let said = '';
  try {
    execFileSync('tsc', ['-p', folder], { encoding: 'utf8' });
  } catch (error) {
    said = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : String(error);
  }
  expect(said).toBe('');
});

it.concurrent.each(examples.filter(({ typesOnly }) => !typesOnly))('$title runs', async (example) => {
  const home = { folder, node: process.execPath, nodeOptions: ['--conditions=@lb/source'] };
  const { ended, printed, errors } = await runSnippet(example, `${example.name}-run`, home);
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' });
  if (example.prints.length > 0) expect(printed).toEqual(example.prints);
});
