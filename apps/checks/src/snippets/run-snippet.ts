import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Snippet } from './snippet.ts';
import { Surroundings } from './surroundings.ts';

export interface Ran {
  /** 0, or why it did not end well. */
  readonly ended: number | string;
  readonly printed: readonly string[];
  readonly errors: string;
}

/** Where and how an example runs. */
export interface SnippetHome {
  /** A folder in which its imports resolve. */
  readonly folder: string;
  /** The Node to run it on. */
  readonly node: string;
  readonly nodeOptions: readonly string[];
}

/**
 * Runs an example as a program of its own, as a reader would: it must end by itself, so one that leaves a socket open fails here
 * in the end.
 */
export async function runSnippet(snippet: Snippet, name: string, home: SnippetHome): Promise<Ran> {
  const surroundings = await Surroundings.start(snippet.needs);
  try {
    const file = join(home.folder, `${name}.${snippet.language === 'js' ? 'mjs' : 'ts'}`);
    writeFileSync(file, surroundings.place(snippet.code));
    return await new Promise((resolve) => {
      const options = { cwd: home.folder, env: surroundings.env, timeout: 100_000, encoding: 'utf8' } as const;
      const serving = snippet.serves ? ['--import', join(import.meta.dirname, 'end-once-listening.mjs')] : [];
      execFile(home.node, [...home.nodeOptions, ...serving, file], options, (error, stdout, stderr) => {
        const ended = error === null ? 0 : (error.code ?? error.signal ?? error.message);
        resolve({ ended, printed: stdout.split('\n').slice(0, -1), errors: stderr });
      });
    });
  } finally {
    await surroundings[Symbol.asyncDispose]();
  }
}
