/** What would happen, in virtual time: to a cluster in a file, or to the one that a consumer sees. */
import { readFile, writeFile } from 'node:fs/promises';

import type { RunResult, Scenario } from '@lb/simulator';

import type { Command } from '../command.ts';
import { fetchJson, stateUrl } from '../consumer-state.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Given } from '../given.ts';
import { count, milliseconds } from '../numbers.ts';
import { styled, type Terminal } from '../terminal/terminal.ts';

export const simulate: Command = {
  name: 'simulate',
  about: 'say what would happen: to a cluster in a file, or to the one that a consumer sees',
  positionals: [
    { name: 'scenario', optional: true, about: 'YAML file, as @lb/simulator describes it', complete: 'file' },
  ],
  options: {
    'from-consumer': { value: 'URL|FILE', about: "start from a consumer's state instead", complete: 'file' },
    without: { value: 'ID', about: 'with --from-consumer: lose this endpoint' },
    rps: { value: 'N', about: 'with --from-consumer: suppose so many requests a second' },
    policy: { value: 'NAME', about: "what chooses among endpoints (the consumer's)", many: true },
    seed: { value: 'N', about: 'seed of all chance (1)' },
    html: { value: 'FILE', about: 'write a report with plots', complete: 'file' },
    json: { about: 'one JSON object a line, a scenario each' },
  },
  details: `--from-consumer URL --without ID --rps N asks: what if I lose this host at this load? It compares what is now with what
would be. A consumer sees answers and not machines: work is taken from the latencies that it saw, and where no limit is
registered a server is given four times the slots that it uses now; nothing is tried again. A scenario file can say it
better.`,
  run: async (given, terminal, world) => {
    const { compareWithProgress, comparisonTable, contenderNamed, htmlReport } = await import('@lb/simulator');
    const seed = given.number('seed', { min: 0, integer: true });
    const named = given.list('policy').map(contenderNamed);
    const scenarios = (await readScenarios(given, world.signal)).map((scenario) => ({
      ...scenario,
      ...(seed !== undefined && { seed }),
      ...(named.length > 0 && { policies: named }),
    }));
    const all: { readonly scenario: Scenario; readonly results: readonly RunResult[] }[] = [];
    for (const scenario of scenarios) {
      const results = await compareWithProgress(scenario, () => world.signal.throwIfAborted());
      all.push({ scenario, results });
      if (given.flag('json')) {
        terminal.json({ scenario: scenario.name, seed: scenario.seed, results });
      } else {
        terminal.line(styled('bold', scenario.name), ` (seed ${scenario.seed}; times in ms)`);
        for (const line of comparisonTable(results).split('\n')) terminal.line(line);
        terminal.line();
      }
    }
    const last = all.at(-1);
    if (!given.flag('json')) sayDifference(all, terminal);
    const html = given.text('html');
    if (html !== undefined && last !== undefined) await writeFile(html, htmlReport(last.scenario, last.results));
    return exitCodes.ok;
  },
};

/** One, or from a consumer that is to lose something two: as it is, and as it would be. */
async function readScenarios(given: Given, signal: AbortSignal): Promise<readonly Scenario[]> {
  const { contenderNamed, isContenderName, parseScenario, scenarioFromState } = await import('@lb/simulator');
  const [file, from] = [given.positional('scenario'), given.text('from-consumer')];
  if ((file === undefined) === (from === undefined)) throw new UsageError('Give a scenario file, or --from-consumer');
  const without = given.text('without');
  const perSecond = given.number('rps', { above: 0 });
  if (file !== undefined) {
    if (without !== undefined || perSecond !== undefined) {
      throw new UsageError('--without and --rps go with --from-consumer; a scenario file says both itself');
    }
    return [parseScenario(await readFile(file, 'utf8'), file)];
  }
  const state = await readSource(from ?? '', signal);
  const own = policyOf(state);
  const policy = contenderNamed(own !== undefined && isContenderName(own) ? own : 'p2cLatency');
  const wishes = without === undefined && perSecond === undefined ? [{}] : [{}, { without, perSecond }];
  return wishes.map((wish) => ({ ...scenarioFromState(state, wish), policies: [policy] }));
}

async function readSource(source: string, signal: AbortSignal): Promise<unknown> {
  if (/^https?:\/\//.test(source)) return fetchJson(stateUrl(source), signal);
  const text = await readFile(source, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${source} is no JSON`, { cause });
  }
}

function policyOf(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('policy' in state)) return undefined;
  return typeof state.policy === 'string' ? state.policy : undefined;
}

/** What it comes to, by policy. */
function sayDifference(
  all: readonly { readonly scenario: Scenario; readonly results: readonly RunResult[] }[],
  terminal: Terminal,
): void {
  const [before, after] = all;
  if (before === undefined || after === undefined) return;
  for (const [index, then] of after.results.entries()) {
    const now = before.results[index];
    if (now === undefined) continue;
    const lost = then.requests - then.succeeded;
    const share = ((lost / Math.max(1, then.requests)) * 100).toFixed(2);
    terminal.line(
      `${then.contender}: p50 ${milliseconds(now.latency.p50Ms)} → ${milliseconds(then.latency.p50Ms)} ms, `,
      `p99 ${milliseconds(now.latency.p99Ms)} → ${milliseconds(then.latency.p99Ms)} ms, `,
      styled(lost === 0 ? 'green' : 'red', `${count(lost)} of ${count(then.requests)} requests failed (${share} %)`),
    );
  }
}
