import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'lb-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly results: readonly {
    readonly subject: string;
    readonly rounds: readonly { readonly perSecond: number; readonly wholeUs: number; readonly failed: number }[];
  }[];
}

it('gets an answer to every greeting through everybody, and says what one costs', async () => {
  const main = new URL('../src/overhead/main.ts', import.meta.url).pathname;
  const json = join(folder, 'overhead.json');
  const svg = join(folder, 'overhead.svg');
  const command = ['--conditions=@lb/source', main, '--rounds', '1', '--turns', '1', '--json', json, '--svg', svg];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  const { results }: Report = JSON.parse(readFileSync(json, 'utf8'));
  expect(results.length).toBeGreaterThanOrEqual(7);
  const drawn = readFileSync(svg, 'utf8');
  expect(drawn.match(/.{0,60}(NaN|Infinity|undefined).{0,60}/)?.[0]).toBe(undefined);
  for (const { subject, rounds } of results) {
    expect(stdout).toContain(subject);
    expect(drawn).toContain(`>${subject}</text>`);
    expect(rounds).toMatchObject([{ failed: 0 }]);
    for (const { perSecond, wholeUs } of rounds) expect(Math.min(perSecond, wholeUs)).toBeGreaterThan(0);
  }
});
