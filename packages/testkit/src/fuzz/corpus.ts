import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Inputs by the name of their file. */
export type Corpus = ReadonlyMap<string, Buffer>;

/** The inputs that are kept for a target, in the folder of its name. */
export function readCorpus(root: URL, target: string): Corpus {
  const folder = folderOf(root, target);
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).toSorted();
  return new Map(names.map((name) => [name, readFileSync(new URL(name, folder))]));
}

/** Keeps an input, under a name of its own, and returns the path. */
export function keep(root: URL, target: string, why: 'found' | 'novel', input: Buffer): string {
  const folder = folderOf(root, target);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${why}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`, folder);
  writeFileSync(file, input);
  return file.pathname;
}

function folderOf(root: URL, target: string): URL {
  return new URL(`${target}/`, root);
}
