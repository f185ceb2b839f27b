import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { root } from './repository.ts';

/** A source file, and what it imports. */
export interface Source {
  /** Relative to the root. */
  readonly file: string;
  /** As written: `./peer.ts`, `@lb/core`, `node:fs`. */
  readonly specifiers: readonly string[];
  /** Of those, the ones that stay when types are stripped. */
  readonly values: readonly string[];
}

/** Every source of a workspace below the given folders of it. */
export function sourcesOf(folder: string, within: readonly string[]): Source[] {
  return within.flatMap((inner) =>
    globSync(`${folder}/${inner}/**/*.ts`, { cwd: root })
      .toSorted()
      .map((file) => ({ file, ...importsOf(readFileSync(join(root, file), 'utf8')) })),
  );
}

/** The file that a relative import means. */
export function resolved({ file }: Source, specifier: string): string {
  return join(dirname(file), specifier);
}

/** Reads the imports off a source. A program would do it better; the formatter sees to it that these patterns find them all. */
export function importsOf(code: string): Pick<Source, 'specifiers' | 'values'> {
  const bare = code.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const found = [
    ...bare.matchAll(/^(?:import|export) (?<type>type )?(?:[^;']*? from )?'(?<specifier>[^']+)'/gms),
    ...bare.matchAll(/\bimport\((?<type>)'(?<specifier>[^']+)'\)/g),
  ];
  return {
    specifiers: found.map(specifierOf),
    values: found.filter((match) => !match.groups?.['type']).map(specifierOf),
  };
}

function specifierOf(match: RegExpExecArray): string {
  return match.groups?.['specifier'] ?? '';
}
