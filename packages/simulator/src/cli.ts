#!/usr/bin/env node
/** The command: reads a scenario, a consumer's state or the name of a race; prints a table; writes a report. */
import { readFile, writeFile } from 'node:fs/promises';

import { InvalidOptionError } from '@lb/core';

import { type Command, help, parseCommandLine } from './command-line.ts';
import { compareWithProgress } from './compare.ts';
import { contenderNamed } from './contenders.ts';
import { ScenarioError, StateError, UsageError } from './errors.ts';
import { Progress } from './progress.ts';
import { races, usualRaces } from './races/index.ts';
import { p99Matrix } from './races/matrix.ts';
import { type Course, type CourseResult, runRace } from './races/race.ts';
import { raceRows, raceTable } from './races/race-table.ts';
import { comparisonTable } from './report/comparison-table.ts';
import { htmlReport } from './report/html-report.ts';
import { scenarioFromState } from './scenario/from-state.ts';
import { parseScenario, type Scenario } from './scenario/scenario.ts';

/** Errors that whoever called can mend: the message is all they need. */
const ownErrors = [UsageError, ScenarioError, StateError, InvalidOptionError];

try {
  await main(parseCommandLine(process.argv.slice(2)));
} catch (error) {
  const own = ownErrors.some((kind) => error instanceof kind) || isFileError(error);
  const text = error instanceof Error ? (own ? error.message : error.stack) : String(error);
  process.stderr.write(`lb-simulator: ${text}\n`);
  process.exitCode = 1;
}

async function main(command: Command): Promise<void> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(help);
      break;
    case 'scenario':
      await simulate(command);
      break;
    case 'race':
      await race(command);
      break;
    default:
      command satisfies never;
  }
}

async function simulate(command: Extract<Command, { kind: 'scenario' }>): Promise<void> {
  const found = await load(command);
  const scenario = {
    ...found,
    ...(command.seed !== undefined && { seed: command.seed }),
    ...(command.policies.length > 0 && { policies: command.policies.map(contenderNamed) }),
  };
  const progress = new Progress(process.stderr);
  const results = await compareWithProgress(scenario, (share) => progress.show(share, scenario.name));
  progress.clear();
  process.stdout.write(`${scenario.name} (seed ${scenario.seed}; times in ms)\n${comparisonTable(results)}\n`);
  if (command.json !== undefined)
    await writeJson(command.json, { scenario: scenario.name, seed: scenario.seed, results });
  if (command.html !== undefined) {
    await writeFile(command.html, htmlReport(scenario, results));
    process.stdout.write(`Report: ${command.html}\n`);
  }
}

async function load({ source, from, without }: Extract<Command, { kind: 'scenario' }>): Promise<Scenario> {
  if (!from) return parseScenario(await readFile(source, 'utf8'), source);
  return scenarioFromState(await readState(source), { without });
}

async function readState(source: string): Promise<unknown> {
  try {
    if (!/^https?:/.test(source)) return JSON.parse(await readFile(source, 'utf8'));
    const response = await fetch(source, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new StateError(`${source} answered ${response.status}`);
    return await response.json();
  } catch (error) {
    if (error instanceof StateError || isFileError(error)) throw error;
    throw new StateError(
      `No state could be read from ${source}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function race({ only, policies, course, runs, json, seed }: Extract<Command, { kind: 'race' }>): Promise<void> {
  const progress = new Progress(process.stderr);
  const all: CourseResult[] = [];
  process.stdout.write(`Races in virtual time, ${new Date().toISOString().slice(0, 10)}, seed ${seed}\n\n`);
  for (const name of only.length > 0 ? only : usualRaces) {
    const found = races[name];
    if (found === undefined) continue;
    const courses = found.courses
      .filter((candidate) => candidate.name.startsWith(course ?? ''))
      .map((candidate) => withContenders(candidate, policies));
    const chosen = { ...found, courses, runs: runs ?? found.runs };
    process.stdout.write(`${chosen.name}, ${chosen.runs} run${chosen.runs === 1 ? '' : 's'} each. ${chosen.about}\n\n`);
    const results = runRace(chosen, seed, (share) => progress.show(share, name));
    progress.clear();
    for (const result of results) process.stdout.write(`${raceTable(result)}\n\n`);
    if (chosen.summed === true && results.length > 1) process.stdout.write(`${p99Matrix(results)}\n\n`);
    all.push(...results);
  }
  if (json !== undefined) {
    await writeJson(json, {
      seed,
      courses: all.map((result) => ({
        race: result.race,
        course: result.course,
        boundPerSecond: result.boundPerSecond,
        rows: raceRows(result),
      })),
    });
  }
}

/** A course with those contenders only, and the one that they are measured against. */
function withContenders(course: Course, names: readonly string[]): Course {
  if (names.length === 0) return course;
  const known = course.contenders.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`--policy must be one of ${known.join('; ')}, got "${unknown}"`);
  return {
    ...course,
    contenders: course.contenders.filter(({ name }) => names.includes(name) || name === course.against),
  };
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
