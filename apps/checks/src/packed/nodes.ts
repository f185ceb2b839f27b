import { join } from 'node:path';

/** A Node to run the packed packages on. */
export interface NodeBinary {
  readonly version: string;
  readonly path: string;
}

/** The lowest version that the packages promise, and the one that this repository is made on. */
const versions = ['22.19.0', '24.21.0'];

/** What a project must install to have them: the `node` binary alone, from packages without install scripts. */
export function nodeDependencies(): Record<string, string> {
  if (!hasBinaries()) return {};
  return Object.fromEntries(versions.map((version) => [alias(version), `npm:${packageName()}@${version}`]));
}

/** The binaries that were installed into a project; the Node that runs this where npm has none for the platform. */
export function nodeBinaries(project: string): NodeBinary[] {
  if (!hasBinaries()) return [{ version: process.versions.node, path: process.execPath }];
  return versions.map((version) => ({ version, path: join(project, 'node_modules', alias(version), 'bin/node') }));
}

function hasBinaries(): boolean {
  return process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');
}

function packageName(): string {
  return `node-linux-${process.arch}`;
}

function alias(version: string): string {
  return `node-${version}`;
}
