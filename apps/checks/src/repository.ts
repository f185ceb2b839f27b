import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that everything is in. */
export const root = join(import.meta.dirname, '../../..');

/** What the checks read of a `package.json`. */
interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Workspace {
  readonly name: string;
  /** Relative to the root, as `packages/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Every workspace, packages before apps, each in the order of its folder's name. */
export function workspaces(): Workspace[] {
  return ['packages', 'apps']
    .flatMap((parent) => globSync(`${parent}/*/package.json`, { cwd: root }).toSorted())
    .map((file) => {
      const manifest = readManifest(join(root, file));
      return { name: manifest.name, folder: dirname(file), manifest };
    });
}

/** The packages that users install. */
export function publishedPackages(): Workspace[] {
  return workspaces().filter(({ folder, manifest }) => folder.startsWith('packages/') && manifest.private !== true);
}

function readManifest(file: string): Manifest {
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isManifest(manifest)) throw new Error(`${file} has no name`);
  return manifest;
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}
