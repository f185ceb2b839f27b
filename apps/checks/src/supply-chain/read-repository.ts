import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

import { root, workspaces } from '../repository.ts';
import type { Repository } from './supply-chain.ts';

/** The files of this repository that decide what is installed. */
export function readRepository(): Repository {
  return {
    settings: parse(read('pnpm-workspace.yaml')),
    lockfile: parse(read('pnpm-lock.yaml')),
    manifests: [JSON.parse(read('package.json')), ...workspaces().map(({ manifest }) => manifest)],
    ci: read('.ci/run'),
  };
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
