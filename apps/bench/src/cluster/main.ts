/**
 * Races the balancer beside what else there is, on real processes: `pnpm bench:cluster`.
 *
 * Providers are processes with slots and a bounded queue; every subject in turn gets the same arrivals and the same work, in an open
 * loop from one process. See `docs/evidence.md` for what is measured and why.
 */
import { provenanceInWords, provenanceOf } from '@lb/testkit';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { figuresOf } from './figures.ts';
import { plot } from './plot.ts';
import { type Proxy, versionOf } from '../proxies.ts';
import { race } from './race.ts';
import { printRace, printVerdicts } from './report.ts';
import { deadlineMs, meanWorkMs, scenarios, slots } from './scenarios.ts';
import { verdictsOf } from './verdicts.ts';

const { values: options } = parseArgs({
  options: {
    /** How often every subject meets every scenario. */
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    /** How many times as long every run takes: more for steadier percentiles. */
    scale: { type: 'string', default: '1' },
    /** A fifth of the time a run and one round: to see that it works, not what comes out. */
    quick: { type: 'boolean', default: false },
    /** Only these scenarios, by name. */
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    /** A folder for one plot of each scenario. */
    svg: { type: 'string' },
  },
});
const rounds = options.quick ? 1 : wholeNumber('rounds', options.rounds, 1);
const seed = wholeNumber('seed', options.seed, 0);
const provenance = provenanceOf(['pnpm bench:cluster', ...process.argv.slice(2)].join(' '));

const installed: Readonly<Record<Proxy['kind'], string | undefined>> = {
  haproxy: versionOf('haproxy'),
  nginx: versionOf('nginx'),
};
const chosen = scenarios
  .filter(({ name }) => options.only?.includes(name) ?? true)
  .map((scenario) => ({
    ...scenario,
    subjects: scenario.subjects.filter(({ proxy }) => proxy === undefined || installed[proxy.kind] !== undefined),
  }));
if (chosen.length === 0) throw new RangeError(`--only takes ${scenarios.map(({ name }) => name).join(', ')}`);
const skipped = (['haproxy', 'nginx'] as const)
  .filter((kind) => installed[kind] === undefined)
  .map((kind) => `everything with ${kind}, which is not installed (Debian: apt-get install ${kind})`);

const showsProgress = process.stderr.isTTY;
const entries = await race(chosen, {
  rounds,
  seed,
  scale: options.quick ? 0.2 : wholeNumber('scale', options.scale, 1),
  onRun: (progress) => void (showsProgress && process.stderr.write(`\r\x1b[K${progress}`)),
});
if (showsProgress) process.stderr.write('\r\x1b[K');

process.stdout.write(
  `Slots ${slots.join(':')}, work of ${meanWorkMs} ms on average, exponential, Poisson arrivals, ${rounds} rounds, medians of them; times in ms.\n\n`,
);
printRace(entries, skipped);
const verdicts = verdictsOf(entries);
printVerdicts(verdicts);
process.stdout.write(`\n${provenanceInWords(provenance)}\n`);

if (options.json !== undefined) {
  const results = entries.map((entry) => ({
    scenario: entry.scenario.name,
    subject: entry.subject.name,
    ...figuresOf(entry, entries),
    runs: entry.runs,
  }));
  const setting = { slots, meanWorkMs, deadlineMs, rounds, seed };
  // JSON has no Infinity: null stands for a percentile that failed requests reach.
  const whole = { provenance, installed, skipped, setting, verdicts, results };
  writeFileSync(options.json, `${JSON.stringify(whole, undefined, 2)}\n`);
}
if (options.svg !== undefined) {
  mkdirSync(options.svg, { recursive: true });
  for (const scenario of chosen) {
    writeFileSync(join(options.svg, `${scenario.name}.svg`), plot(scenario, entries, provenanceInWords(provenance)));
  }
}

function wholeNumber(option: string, given: string, least: number): number {
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`--${option} takes a whole number from ${least}`);
  return value;
}
