import { describe, expect, it } from 'vitest';

import { floors } from './floors.ts';
import { readRepository } from './read-repository.ts';
import { problemsOf, type Repository } from './supply-chain.ts';
import { compareVersions, versionOf } from './version.ts';

const sound: Repository = {
  settings: {
    strictDepBuilds: true,
    allowBuilds: { a: false },
    minimumReleaseAge: 1440,
    blockExoticSubdeps: true,
    catalog: { a: '1.2.3' },
    catalogs: { published: { a: '^1.2.3' } },
  },
  lockfile: { packages: { 'a@1.2.3': { resolution: { integrity: 'sha512-x' } } } },
  manifests: [{ name: 'root', packageManager: 'pnpm@12.0.0', dependencies: { a: 'catalog:', b: 'workspace:^' } }],
  ci: 'set -e\nexport pnpm_config_frozen_lockfile=true\npnpm test',
};
const known = [{ name: 'a', from: ['1.2.3', '2.0.5'], because: 'a hole' }];

it('finds nothing wrong with this repository', () => {
  expect(problemsOf(readRepository(), floors)).toEqual([]);
});

it('finds nothing wrong with what is sound', () => {
  expect(problemsOf(sound, known)).toEqual([]);
});

describe('finds', () => {
  const locked = (
    key: string,
    resolution: Record<string, unknown> = { integrity: 'sha512-x' },
  ): Partial<Repository> => ({
    lockfile: { packages: { ...sound.lockfile.packages, [key]: { resolution } } },
  });
  const set = (settings: Repository['settings']): Partial<Repository> => ({
    settings: { ...sound.settings, ...settings },
  });

  it.each<[string, Partial<Repository>, RegExp]>([
    [
      'a version below its floor',
      locked('a@1.2.2'),
      /a@1\.2\.2 in the lockfile is older than 1\.2\.3 or 2\.0\.5: a hole/,
    ],
    ['one below the floor of its major version', locked('a@2.0.4'), /a@2\.0\.4/],
    ['one of a major version that was given up', locked('a@0.9.9'), /a@0\.9\.9/],
    ['a prerelease of the floor', locked('a@2.0.5-rc.1'), /a@2\.0\.5-rc\.1/],
    [
      'a range that reaches below the floor',
      set({ catalogs: { published: { a: '^1.0.0' } } }),
      /published packages ask/,
    ],
    ['a range that is none', set({ catalogs: { published: { a: '*' } } }), /no caret range/],
    [
      'a tarball from elsewhere',
      locked('c@1.0.0', { tarball: 'https://example.com/c.tgz' }),
      /not pinned by a checksum/,
    ],
    ['a weak checksum', locked('c@1.0.0', { integrity: 'sha1-x' }), /not pinned by a checksum/],
    ['an empty lockfile', { lockfile: {}, settings: { ...sound.settings, allowBuilds: {} } }, /names no package/],
    ['a range in the catalog', set({ catalog: { a: '^1.2.3' } }), /no exact version/],
    [
      'a range in a manifest',
      { manifests: [{ ...sound.manifests[0], dependencies: { a: '~1.2.3' } }] },
      /root asks for a/,
    ],
    ['any package manager', { manifests: [{ name: 'root' }] }, /packageManager/],
    ['install scripts for all', set({ dangerouslyAllowAllBuilds: true }), /Every install script/],
    ['install scripts unseen', set({ strictDepBuilds: false }), /nobody named/],
    ['a permission for what is not there', set({ allowBuilds: { gone: true } }), /allowBuilds names gone/],
    ['fresh versions', set({ minimumReleaseAge: 60 }), /younger than 1440 minutes/],
    ['exceptions from age', set({ minimumReleaseAgeExclude: ['a'] }), /any age/],
    ['dependencies from elsewhere', set({ blockExoticSubdeps: false }), /elsewhere than the registry/],
    ['a lockfile that CI may change', { ci: 'pnpm install' }, /CI may change the lockfile/],
  ])('%s', (_what, changes, problem) => {
    expect(problemsOf({ ...sound, ...changes }, known)).toEqual([expect.stringMatching(problem)]);
  });
});

it('orders versions by their numbers, and a prerelease before its release', () => {
  const ascending = ['0.9.10', '1.0.0-rc.1', '1.0.0', '1.0.2', '1.0.10', '1.2.0', '10.0.0'];
  const versions = ascending.map(versionOf).filter((version) => version !== undefined);
  expect(versions.toReversed().toSorted(compareVersions)).toEqual(versions);
  expect(versions.length).toBe(ascending.length);
  expect(['^1.0.0', '1.0', 'latest', ''].map(versionOf)).toEqual([undefined, undefined, undefined, undefined]);
});
