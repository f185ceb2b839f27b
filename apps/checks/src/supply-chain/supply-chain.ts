/** What this repository promises of its dependencies, checked against the files that decide what is installed. */
import type { Floor } from './floors.ts';
import { compareVersions, type Version, versionOf } from './version.ts';

/** What is read of `pnpm-workspace.yaml`. */
interface WorkspaceSettings {
  readonly strictDepBuilds?: unknown;
  readonly dangerouslyAllowAllBuilds?: unknown;
  readonly allowBuilds?: Readonly<Record<string, boolean>>;
  readonly minimumReleaseAge?: unknown;
  readonly minimumReleaseAgeExclude?: unknown;
  readonly blockExoticSubdeps?: unknown;
  readonly catalog?: Readonly<Record<string, string>>;
  readonly catalogs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What is read of `pnpm-lock.yaml`: packages by name and version. */
interface Lockfile {
  readonly packages?: Readonly<Record<string, { readonly resolution?: Readonly<Record<string, unknown>> }>>;
}

interface Manifest {
  readonly name: string;
  readonly packageManager?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Repository {
  readonly settings: WorkspaceSettings;
  readonly lockfile: Lockfile;
  /** The root's first. */
  readonly manifests: readonly [Manifest, ...Manifest[]];
  /** The script that CI runs. */
  readonly ci: string;
}

/** A day: most poisoned versions were found and withdrawn within hours. */
const leastAgeMinutes = 24 * 60;

/** What does not hold, in sentences; nothing when all does. */
export function problemsOf(repository: Repository, floors: readonly Floor[]): string[] {
  const packages = Object.entries(repository.lockfile.packages ?? {});
  const installed = packages.map(([key, { resolution = {} }]) => {
    const at = key.lastIndexOf('@');
    return { name: key.slice(0, at), version: key.slice(at + 1), resolution };
  });
  return [
    ...settingProblems(repository.settings),
    ...specifierProblems(repository),
    ...(installed.length === 0 ? ['The lockfile names no package'] : []),
    ...installed.flatMap(({ name, version, resolution }) => [
      ...originProblems(`${name}@${version}`, resolution),
      ...floorProblems(`${name}@${version} in the lockfile`, name, versionOf(version), floors),
    ]),
    ...buildProblems(repository.settings, new Set(installed.map(({ name }) => name))),
    ...(/^export pnpm_config_frozen_lockfile=true$/m.test(repository.ci) ? [] : ['CI may change the lockfile']),
  ];

  function specifierProblems({ settings, manifests }: Repository): string[] {
    const published = Object.entries(settings.catalogs?.['published'] ?? {});
    return [
      ...Object.entries(settings.catalog ?? {})
        .filter(([, specifier]) => !isExact(specifier))
        .map(([name, specifier]) => `The catalog has ${name} at "${specifier}", which is no exact version`),
      ...published.flatMap(([name, range]) => rangeProblems(name, range)),
      ...manifests.flatMap(({ name, dependencies, devDependencies, optionalDependencies }) =>
        Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
          .filter(([, specifier]) => !/^(?:workspace:|catalog:)/.test(specifier) && !isExact(specifier))
          .map(([used, specifier]) => `${name} asks for ${used} at "${specifier}", which is no exact version`),
      ),
      ...(/^pnpm@\d+\.\d+\.\d+/.test(manifests[0].packageManager ?? '') ? [] : ['packageManager is no exact version']),
    ];
  }

  /** Users install the newest version of the range, but may have any: the oldest has to be above the floor. */
  function rangeProblems(name: string, range: string): string[] {
    const oldest = range.startsWith('^') ? versionOf(range.slice(1)) : undefined;
    if (oldest === undefined) return [`Published packages ask for ${name} at "${range}", which is no caret range`];
    return floorProblems(`${name} "${range}", which published packages ask for,`, name, oldest, floors);
  }
}

/** A version, also of a package by another name (`npm:undici@7.30.2`). */
function isExact(specifier: string): boolean {
  return versionOf(specifier.replace(/^npm:.+@/, '')) !== undefined;
}

function settingProblems(settings: WorkspaceSettings): string[] {
  const { minimumReleaseAge, minimumReleaseAgeExclude } = settings;
  return [
    ...(settings.strictDepBuilds === true ? [] : ['Install scripts that nobody named do not fail the install']),
    ...(settings.dangerouslyAllowAllBuilds === undefined ? [] : ['Every install script is allowed']),
    ...(settings.blockExoticSubdeps === true ? [] : ['Dependencies may come from elsewhere than the registry']),
    ...(typeof minimumReleaseAge === 'number' && minimumReleaseAge >= leastAgeMinutes
      ? []
      : [`Versions may be younger than ${leastAgeMinutes} minutes`]),
    ...(minimumReleaseAgeExclude === undefined ? [] : ['Some versions may be of any age']),
  ];
}

function buildProblems({ allowBuilds = {} }: WorkspaceSettings, names: ReadonlySet<string>): string[] {
  return Object.keys(allowBuilds)
    .filter((name) => !names.has(name))
    .map((name) => `allowBuilds names ${name}, which is not installed`);
}

/** What is from the registry has a checksum, and nothing else. */
function originProblems(what: string, resolution: Readonly<Record<string, unknown>>): string[] {
  const { integrity, ...rest } = resolution;
  if (typeof integrity === 'string' && integrity.startsWith('sha512-') && Object.keys(rest).length === 0) return [];
  return [`${what} is not pinned by a checksum alone: ${JSON.stringify(resolution)}`];
}

function floorProblems(what: string, name: string, version: Version | undefined, floors: readonly Floor[]): string[] {
  return floors
    .filter((floor) => floor.name === name)
    .filter(({ from }) => !isAbove(version, from))
    .map(({ from, because }) => `${what} is older than ${from.join(' or ')}: ${because}`);
}

function isAbove(version: Version | undefined, from: readonly string[]): boolean {
  if (version === undefined) return false;
  const bounds = from.map(versionOf).filter((bound) => bound !== undefined);
  const major = version.numbers[0];
  const own = bounds.find(({ numbers }) => numbers[0] === major);
  if (own !== undefined) return compareVersions(version, own) >= 0;
  // A major version later than all that the advisory knows of.
  return bounds.every(({ numbers }) => numbers[0] < major);
}
