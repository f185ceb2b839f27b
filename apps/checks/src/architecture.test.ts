/** Who may import whom. The lint says it of each file as it is written; this says it of the whole, and of what `package.json` promises. */
import { describe, expect, it } from 'vitest';

import { cyclesOf } from './cycles.ts';
import { resolved, type Source, sourcesOf } from './imports.ts';
import { publishedPackages, type Workspace, workspaces } from './repository.ts';

/** What each published package may use of the others. What is not named here may use none. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  '@lb/registry': ['@lb/core'],
  '@lb/balancer': ['@lb/core'],
  '@lb/simulator': ['@lb/core'],
  '@lb/fastify': ['@lb/core', '@lb/registry', '@lb/balancer'],
  '@lb/cli': ['@lb/core', '@lb/registry', '@lb/balancer', '@lb/simulator'],
};

const isTest = (file: string): boolean => /\.test\.ts$|\/testing\//.test(file) || file.endsWith('/testing.ts');
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const shipped = (workspace: Workspace): Source[] =>
  sourcesOf(workspace.folder, ['src']).filter(({ file }) => !isTest(file));

describe.each(publishedPackages())('$name', (workspace) => {
  const { manifest, name } = workspace;
  const sources = shipped(workspace);

  it('uses of our packages only those that it may', () => {
    const allowed = mayUse[name] ?? [];
    const ours = Object.keys(manifest.dependencies ?? {}).filter((dependency) => dependency.startsWith('@lb/'));
    expect(ours.filter((dependency) => !allowed.includes(dependency))).toEqual([]);
  });

  it('imports nothing that it does not declare', () => {
    const declared = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies ?? {})];
    const undeclared = sources.flatMap(({ file, specifiers }) =>
      specifiers
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .filter((specifier) => !declared.includes(packageOf(specifier)))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(undeclared).toEqual([]);
  });
});

it('has packages that import no app, and apps that none of the packages know', () => {
  const packages = workspaces().filter(({ folder }) => folder.startsWith('packages/'));
  const apps = workspaces().filter(({ folder }) => folder.startsWith('apps/'));
  const names = apps.map(({ name }) => name);
  const known = packages.filter(({ manifest }) =>
    Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).some((name) => names.includes(name)),
  );
  expect(known.map(({ name }) => name)).toEqual([]);
});

describe.each(workspaces())('$name', (workspace) => {
  const sources = sourcesOf(workspace.folder, ['src', 'test']);

  it('reaches other workspaces only through what they export', () => {
    const exported = new Set(
      workspaces().flatMap(({ name, manifest }) =>
        Object.keys(manifest.exports ?? {}).map((path) => name + path.slice(1)),
      ),
    );
    const past = sources.flatMap((source) =>
      source.specifiers
        .filter((specifier) =>
          specifier.startsWith('.')
            ? !resolved(source, specifier).startsWith(`${workspace.folder}/`)
            : specifier.startsWith('@lb/') && !exported.has(specifier),
        )
        .map((specifier) => `${source.file} imports ${specifier}`),
    );
    expect(past).toEqual([]);
  });

  it('has no cycle among its files', () => {
    const graph = new Map(
      sources.map((source) => [
        source.file,
        source.values.filter((specifier) => specifier.startsWith('.')).map((specifier) => resolved(source, specifier)),
      ]),
    );
    expect(cyclesOf(graph)).toEqual([]);
  });
});

it('has no cycle among its workspaces', () => {
  const graph = new Map(
    workspaces().map(({ name, manifest }) => [
      name,
      Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter((used) => used.startsWith('@lb/')),
    ]),
  );
  expect(cyclesOf(graph)).toEqual([]);
});
