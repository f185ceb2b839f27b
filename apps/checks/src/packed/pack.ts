import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { root, type Workspace } from '../repository.ts';

const run = promisify(execFile);

export interface Tarball {
  readonly path: string;
  readonly bytes: number;
  /** Paths of the files in it. */
  readonly files: readonly string[];
}

/** Packs a package as it would be published. */
export async function pack(workspace: Workspace, destination: string): Promise<Tarball> {
  const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', destination], {
    cwd: join(root, workspace.folder),
  });
  const packed: unknown = JSON.parse(stdout);
  if (!isPacked(packed)) throw new Error(`pnpm pack of ${workspace.name} answered ${stdout}`);
  return { path: packed.filename, bytes: packed.size, files: packed.files.map(({ path }) => path) };
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

function isPacked(value: unknown): value is Packed {
  return typeof value === 'object' && value !== null && 'filename' in value && 'size' in value && 'files' in value;
}

/** Bytes of all files of an installed package, without its own `node_modules`. */
export function installedBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? installedBytes(path) : statSync(path).size;
    })
    .reduce((sum, size) => sum + size, 0);
}
