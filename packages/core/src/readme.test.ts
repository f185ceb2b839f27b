/** The README's examples run, and print what they say they print. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, expect, it, vi } from 'vitest';

// Within the package, so that its sources are found from there as they are from here.
const output = join(import.meta.dirname, '../.vitest');
mkdirSync(output, { recursive: true });
const folder = mkdtempSync(join(output, 'readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const snippets = [...readme.matchAll(/```ts\n(?<code>.*?)```/gs)].map(({ groups }) => groups!.code!);

it('has examples', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(3);
});

it.each(snippets.map((code, index) => ({ code, index, title: code.split('\n').slice(1, 3).join(' ').trim() })))(
  'runs example $index: $title',
  async ({ code, index }) => {
    const file = join(folder, `example-${index}.ts`);
    writeFileSync(file, code.replaceAll("'@lb/core'", "'../../src/index.ts'"));
    const printed: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((value: unknown) => {
      printed.push(typeof value === 'string' ? value : inspect(value));
    });
    await import(file);
    log.mockRestore();
    const said = [...code.matchAll(/\/\/ → (?<text>.*)/g)].map(({ groups }) =>
      groups!.text!.replace(/^\['/, "[ '").replace(/'\]$/, "' ]"),
    );
    expect(printed).toEqual(said);
  },
);
