import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'lb-simulator-'));
afterAll(() => rmSync(folder, { recursive: true }));

const source = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

function simulator(...args: string[]): { readonly out: string; readonly error: string; readonly code: number | null } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=@lb/source', source('src/cli.ts'), ...args],
    { encoding: 'utf8', timeout: 100_000 },
  );
  return { out: stdout, error: stderr, code: status };
}

it('compares policies on a scenario, prints a table and writes a report that needs nothing else', () => {
  const html = join(folder, 'report.html');
  const json = join(folder, 'report.json');
  const { out, error, code } = simulator(
    source('examples/brownout.yaml'),
    '--html',
    html,
    '--json',
    json,
    '--policy',
    'p2c',
    '--policy',
    'oracle',
  );
  expect({ error, code }).toEqual({ error: '', code: 0 });
  expect(out).toMatch(/^The large one slows down, the medium one dies \(seed 1; times in ms\)\npolicy +ok\/s/);
  expect(out).toMatch(/\np2c +1 \d{3} /);
  const report = readFileSync(html, 'utf8');
  expect(report.match(/<svg/g)).toHaveLength(8);
  expect(report).not.toMatch(/https?:|<script|@import|src=|NaN|undefined/);
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
    seed: 1,
    results: [{ contender: 'p2c' }, { contender: 'oracle' }],
  });
});

it('writes the same bytes for the same seed', () => {
  const files = ['one', 'two'].map((name) => join(folder, `${name}.html`));
  for (const file of files) simulator(source('examples/brownout.yaml'), '--policy', 'p2cLatency', '--html', file);
  const [one, two] = files.map((file) => readFileSync(file, 'utf8'));
  expect(one).toBe(two);
});

it('asks what is lost with a provider, from a state', () => {
  const file = join(folder, 'state.json');
  const peers = ['small', 'medium', 'large'].map((name, index) => ({
    name,
    weight: index + 1,
    limit: null,
    perSecond: 100 * (index + 1),
    p50Ms: 10,
    p99Ms: 30,
  }));
  writeFileSync(file, JSON.stringify({ service: 'hash', peers }));
  const { out, code } = simulator('--from', file, '--without', 'medium');
  expect(code).toBe(0);
  expect(out).toContain('Without medium, at the load of now');
  expect(out).toContain('p2cLatency');
});

it.each([
  [[], 'lb-simulator: Name a scenario file, or use --from; --help tells more\n'],
  [['nowhere.yaml'], "lb-simulator: ENOENT: no such file or directory, open 'nowhere.yaml'\n"],
  [
    ['race', '--only', 'rat'],
    'lb-simulator: --only must be one of race-2018, race-2019, race-1-2-3, ablation, got "rat"\n',
  ],
  [['race', '--runs', 'x'], 'lb-simulator: --runs must be an integer of at least 1, got "x"\n'],
  [
    ['a.yaml', '--without', 'b'],
    'lb-simulator: --without goes with --from; in a scenario file, use an event "crash: true"\n',
  ],
  [
    ['race', '--only', 'race-2019', '--policy', 'p3c'],
    /^lb-simulator: --policy must be one of p2cPeakEwma; .*, got "p3c"\n$/,
  ],
])('refuses %j with one line', (args, message) => {
  const { error, code } = simulator(...args);
  expect(error).toMatch(message);
  expect(code).toBe(1);
});

it('runs a race', () => {
  const { out, code } = simulator(
    'race',
    '--only',
    'race-2018',
    '--course',
    '128 connections, 0.25',
    '--policy',
    'p2cLatency',
  );
  expect(code).toBe(0);
  expect(out).toMatch(/race-2018: 128 connections, 0\.25 ms of processor a call, bound 2 560\/s/);
  expect(out).toMatch(/\np2cLatency +2 551 .*\noracle +2 551 /);
});

it('runs the scenario that its README shows', () => {
  const readme = readFileSync(source('README.md'), 'utf8');
  const [, scenario = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const file = join(folder, 'cluster.yaml');
  writeFileSync(file, scenario);
  expect(simulator(file)).toMatchObject({ code: 0, error: '' });
});
