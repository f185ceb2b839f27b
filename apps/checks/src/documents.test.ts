/** What documents say of the repository is so: commands that they name are there, and sizes are those that are held. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, it } from 'vitest';

import { budgets } from './packed/budgets.ts';
import { publishedPackages, root } from './repository.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const documents = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'deploy/**/*.md', '.github/**/*.md'], {
  cwd: root,
  exclude: (path) => /node_modules|docs\/reference/.test(path),
});

it.each(documents)('%s names commands that there are', (document) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
  const commands = [...read(document).matchAll(/\bpnpm(?:@[\d.]+)? ([a-z][\w:-]*)/g)].map(
    ([, command = '']) => command,
  );
  const builtIn = ['install', 'audit'];
  expect(commands.filter((command) => !(command in scripts) && !builtIn.includes(command))).toEqual([]);
});

it.each(documents)('%s links to files that there are', (document) => {
  const text = read(document).replaceAll(/^ *```.*?^ *```/gms, '');
  const links = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)|src(?:set)?="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source ?? '',
  );
  const dead = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    // A page of the site is a file, and what the site does not have it cannot link to.
    const path = join(dirname(document), link);
    if (!document.startsWith('docs/')) return !existsSync(join(root, path));
    return !path.startsWith('docs/') || !statSync(join(root, path), { throwIfNoEntry: false })?.isFile();
  });
  expect(dead).toEqual([]);
});

it.each(documents)('%s names files that there are', (document) => {
  const files = [...read(document).matchAll(/`((?:packages|apps|docs|deploy)\/[\w./-]+)`/g)].map(
    ([, file = '']) => file,
  );
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it('docs/telemetry.md lists every metric, and no document names another', () => {
  const metrics = (text: string): string[] => [...text.matchAll(/\blb_[a-z]+(?:_[a-z]+)*\b/g)].map(([name]) => name);
  const sources = [
    'packages/balancer/src/metrics.ts',
    'packages/fastify/src/metrics.ts',
    'apps/consumer/src/registry-metrics.ts',
  ];
  const published = new Set(sources.flatMap((source) => metrics(read(source))));
  expect(published.size).toBeGreaterThan(10);
  expect([...published].filter((name) => !metrics(read('docs/telemetry.md')).includes(name))).toEqual([]);
  const suffixes = /_(?:bucket|sum|count)$/;
  for (const document of documents) {
    const unknown = metrics(read(document)).filter((name) => !published.has(name.replace(suffixes, '')));
    expect([document, unknown]).toEqual([document, []]);
  }
});

it('the README says of failures what the race on real processes found', () => {
  const { results }: { results: { scenario: string; subject: string; failed: number; offered: number }[] } = JSON.parse(
    read('docs/figures/cluster/cluster.json'),
  );
  const found = (scenario: string, subject: string): number | undefined =>
    results.find((result) => result.scenario === scenario && result.subject === subject)?.failed;
  const [, table = ''] = /one answers 503 \|[^\n]*\n[^\n]*\n(.*?)\n\n/s.exec(read('README.md')) ?? [];
  const rows = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
  expect(rows.length).toBeGreaterThan(5);
  for (const [, subject = '', failing = '', killed = ''] of rows) {
    const stated = [failing, killed].map((cell) => Number(cell.replaceAll(' ', '')));
    expect([subject, ...stated]).toEqual([subject, found('failing', subject), found('restart', subject)]);
  }
});

it('the README names every package, and what it may weigh', () => {
  const stated = [...read('README.md').matchAll(/^\| \[`(@lb\/[\w-]+)`\].*\| (\d+) kB *\|$/gm)];
  expect(Object.fromEntries(stated.map(([, name, kB]) => [name, Number(kB) * 1000]))).toEqual(
    Object.fromEntries(publishedPackages().map(({ name }) => [name, budgets[name]?.tarball])),
  );
});

it('every package that is published has a README, a license and a changelog to be', () => {
  const { fixed }: { fixed: string[][] } = JSON.parse(read('.changeset/config.json'));
  expect(fixed[0]?.toSorted()).toEqual(
    publishedPackages()
      .map(({ name }) => name)
      .toSorted(),
  );
  for (const { folder } of publishedPackages()) {
    for (const file of ['README.md', 'LICENSE']) expect(read(`${folder}/${file}`)).not.toBe('');
  }
});
