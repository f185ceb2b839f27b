/** What docs/guarantees.md says holds a promise is there, and what is there is promised. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { rows } from './index.ts';

const root = new URL('../../../../', import.meta.url);
const text = readFileSync(new URL('docs/guarantees.md', root), 'utf8');
const names = rows.map(({ name }) => name);
const groups = [...new Set(names.map((name) => name.split('/', 1)[0]))];
/** Rows that it names; `registry/etcd-*` stands for several. */
const named = [...text.matchAll(new RegExp(`\`((?:${groups.join('|')})/[\\w*-]+)\``, 'g'))].map(
  ([, name = '']) => name,
);

function isMeant(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

it('names rows that there are', () => {
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((pattern) => !names.some((name) => isMeant(pattern, name)))).toEqual([]);
});

it('names every row that there is', () => {
  expect(names.filter((name) => !named.some((pattern) => isMeant(pattern, name)))).toEqual([]);
});

it('names tests and situations that there are', () => {
  const sources = (pattern: string): string =>
    globSync(pattern, { cwd: root, exclude: ['**/node_modules'] })
      .map((file) => readFileSync(new URL(file, root), 'utf8'))
      .join('\n');
  const tests = sources('packages/*/{src,test}/**/*.test.ts');
  const titles = [...text.matchAll(/tests?: _([^_]+)_/g)].map(([, title = '']) => title);
  expect(titles.length).toBeGreaterThan(0);
  expect(titles.filter((title) => !tests.includes(`'${title}'`))).toEqual([]);

  const [, situations = ''] = /const situations[^{]*\{([^}]*)\}/.exec(sources('apps/bench/src/services/main.ts')) ?? [];
  const played = [...text.matchAll(/`bench:services (\w+)`/g)].map(([, name = '']) => name);
  expect(played.length).toBeGreaterThan(0);
  expect(played.filter((name) => !situations.split(/[\s,:]+/).includes(name))).toEqual([]);

  const files = [...text.matchAll(/`((?:packages|apps)\/[\w./-]+)`/g)].map(([, file = '']) => file);
  expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});
