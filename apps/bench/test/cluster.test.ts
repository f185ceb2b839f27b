import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'lb-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly provenance: { readonly commit: string };
  readonly results: readonly {
    readonly scenario: string;
    readonly subject: string;
    readonly offered: number;
    readonly failed: number;
  }[];
}

let printed = '';
let report: Report = { provenance: { commit: '' }, results: [] };

beforeAll(async () => {
  const main = new URL('../src/cluster/main.ts', import.meta.url).pathname;
  const json = join(folder, 'race.json');
  const command = ['--quick', '--only', 'failing', '--json', json, '--svg', folder];
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@lb/source', main, ...command]);
  printed = stdout;
  report = JSON.parse(readFileSync(json, 'utf8'));
});

it('sends every subject the same number of requests', () => {
  expect(new Set(report.results.map(({ offered }) => offered)).size).toBe(1);
});

it('hides from callers the failures that BalancedPool hands on', () => {
  const failed = Object.fromEntries(report.results.map((result) => [result.subject, result.failed]));
  expect(failed['@lb/balancer']).toBe(0);
  expect(failed['undici BalancedPool']).toBeGreaterThan(0);
});

it('says in every output where the figures come from', () => {
  const { commit } = report.provenance;
  expect(printed).toContain(`commit ${commit}`);
  expect(readdirSync(folder).toSorted()).toEqual(['failing.svg', 'race.json']);
  expect(readFileSync(join(folder, 'failing.svg'), 'utf8')).toContain(`commit ${commit}`);
});
