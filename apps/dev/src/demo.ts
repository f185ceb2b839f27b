/** `pnpm demo`: a minute in the life of the system, told as it happens, and how many requests failed of it. */
import { readSettings } from '@lb/common';
import { writeFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs, styleText } from 'node:util';
import { Type } from 'typebox';

import { providers } from './cluster.ts';
import { Load, type Sample } from './load.ts';
import { speaker } from './output.ts';
import { Report } from './report.ts';
import { whenStarterIsGone } from './starters.ts';
import { type Chapter, story } from './story.ts';
import { System } from './system.ts';
import { type ChapterReport, table, tally } from './tally.ts';
import { waitUntilReady } from './wait-until-ready.ts';

const schema = Type.Object({
  RATE: Type.Number({ default: 100, minimum: 1, maximum: 5000, description: 'Requests a second' }),
});

const usage =
  'pnpm demo [--json FILE]: a minute of things that go wrong; RATE sets the requests a second, 100 if not set';
const { rate, file } = optionsOrExit();
const say = speaker('demo', 5);
/** What each process said last. All of it would drown the story, and is told only when one ends that should not. */
const said = new Map<string, string[]>();
const system = new System(say, {
  // A laptop that is busy for a moment would have requests shed, and this is not about that.
  consumerEnv: { MAX_EVENT_LOOP_DELAY_MS: '0' },
  speak: (name) => (line) => said.set(name, [...(said.get(name) ?? []), line].slice(-20)),
  onGone: (name) => {
    for (const line of said.get(name) ?? []) say(`${name} said: ${line}`);
    void giveUp(`the end of ${name}`);
  },
});
let samples: Sample[] = [];
const report = new Report(providers);
let load: Load | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void giveUp(signal));
whenStarterIsGone(() => void giveUp('the end of whoever started it'));

const origin = await system.start(undefined);
if (!(await waitUntilReady(origin, undefined, say, () => false))) process.exit(1);
await system.whenReady();
say(`look:  ${origin}/lb/`);
// Processes that have just started are slow for a moment, and this is not about that.
await after(2000);
load = new Load(origin, rate, (sample) => {
  samples.push(sample);
  report.add(sample);
});
load.start();

const reports: ChapterReport[] = [];
for (const [index, chapter] of story.entries()) reports.push(await tell(chapter, index));
await load.stop();
await system.stop();

const failed = reports.reduce((sum, chapter) => sum + chapter.failed, 0);
const requests = reports.reduce((sum, chapter) => sum + chapter.requests, 0);
for (const line of ['', ...table(reports), '']) say(line);
for (const error of new Set(reports.flatMap((chapter) => chapter.errors))) say(`failed: ${error}`);
say(styleText(failed === 0 ? 'green' : 'red', `${requests} requests, ${failed} failed`, { stream: process.stdout }));
if (file !== undefined)
  writeFileSync(file, `${JSON.stringify({ requests, failed, chapters: reports }, undefined, 2)}\n`);
process.exit(failed === 0 ? 0 : 1);

async function tell(chapter: Chapter, index: number): Promise<ChapterReport> {
  const { name, happens, watch, seconds, begin } = chapter;
  say('');
  say(styleText('bold', `${index + 1} of ${story.length}: ${name}. ${happens}`, { stream: process.stdout }));
  say(`  Watch: ${watch}`);
  samples = [];
  const since = performance.now();
  const lines = setInterval(() => say(report.line(performance.now())), 1000);
  await Promise.all([begin?.(system), after(seconds * 1000)]);
  clearInterval(lines);
  return tally(
    name,
    (performance.now() - since) / 1000,
    samples,
    providers.map((plan) => plan.name),
  );
}

async function giveUp(why: string): Promise<void> {
  say(`stopping on ${why}`);
  await load?.stop();
  await system.stop();
  process.exit(1);
}

function optionsOrExit(): { rate: number; file: string | undefined } {
  try {
    const { help, json } = parseArgs({
      options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }).values;
    if (help !== true) return { rate: readSettings(schema, process.env).RATE, file: json };
    process.stdout.write(`${usage}\n`);
    return process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return process.exit(2);
  }
}
