/**
 * What a request costs through each way of sending it: `pnpm bench:overhead`.
 *
 * A greeting, 64 connections, a closed loop. In each round every subject has a process of its own, since two processes that run the same code may
 * differ by a fifth, by what the engine made of it and where it put things; and these run by turns of a quarter of a second, since
 * a machine that others use may be a third slower for some seconds. Requests a second are those of this machine at this moment;
 * what travels is the ratio to a bare undici Pool in the same round, and the processor time that a request takes.
 */
import { printTable, provenanceInWords, provenanceOf } from '@lb/testkit';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { barChart } from '../bars.ts';
import { Child } from '../child.ts';
import { type Spread, spreadOf } from '../cluster/figures.ts';
import { versionOf } from '../proxies.ts';
import type { Target } from '../sender.ts';
import { connections, Runner, type Share, type Subject } from './runner.ts';

const { values: options } = parseArgs({
  options: {
    /** How many processes every subject has, one after the other. */
    rounds: { type: 'string', default: '5' },
    /** How many turns a process has. */
    turns: { type: 'string', default: '20' },
    /** Only the two pools of undici and the balancer, with one provider: more rounds in less time. */
    pools: { type: 'boolean', default: false },
    json: { type: 'string' },
    /** A file for a plot. */
    svg: { type: 'string' },
  },
});
const rounds = atLeastOne('rounds', options.rounds);
const turnsEach = atLeastOne('turns', options.turns);
/** How long a turn takes. */
const turnMs = 250;
/** For how long a process has run before its turns, in milliseconds: what is run often is compiled by then. */
const warmUpMs = 3000;

const pool: Subject = { name: 'undici Pool', way: 'direct', providers: 1 };
const ours: Subject = { name: '@lb/balancer', way: 'balancer', providers: 1 };
const balancedPool: Subject = { name: 'undici BalancedPool', way: 'balancedPool', providers: 1 };
const every: readonly Subject[] = [
  pool,
  ours,
  balancedPool,
  { name: '@lb/balancer, 3 providers', way: 'balancer', providers: 3 },
  { name: 'undici BalancedPool, 3 providers', way: 'balancedPool', providers: 3 },
  { name: 'undici fetch', way: 'fetch', providers: 1 },
  { name: '@lb/balancer fetch', way: 'balancer.fetch', providers: 1 },
  {
    name: 'HAProxy, 3 providers',
    way: 'direct',
    providers: 3,
    proxy: { kind: 'haproxy', balance: 'leastconn', retries: false },
  },
  {
    name: 'nginx, 3 providers',
    way: 'direct',
    providers: 3,
    proxy: { kind: 'nginx', balance: 'least_conn', retries: false },
  },
];
const subjects = options.pools
  ? [pool, ours, balancedPool]
  : every.filter(({ proxy }) => proxy === undefined || versionOf(proxy.kind) !== undefined);

const provenance = provenanceOf(['pnpm bench:overhead', ...process.argv.slice(2)].join(' '));
const shares = await takeRounds();
const reference = sharesOf(pool);

printTable(
  `hello world, ${connections} connections, ${rounds} rounds of ${turnsEach} turns of ${turnMs} ms a subject; medians`,
  ['subject', 'requests/s', 'of a Pool', 'from to', 'client us', 'with proxy', 'of a Pool', 'failed'],
  subjects.map((subject) => {
    const mine = sharesOf(subject);
    const speed = ratio(mine, ({ perSecond }) => perSecond);
    const cost = ratio(mine, ({ wholeUs }) => wholeUs);
    return [
      subject.name,
      spreadOf(mine.map(({ perSecond }) => perSecond)).median.toFixed(0),
      speed.median.toFixed(3),
      `${speed.min.toFixed(2)}-${speed.max.toFixed(2)}`,
      spreadOf(mine.map(({ clientUs }) => clientUs)).median.toFixed(1),
      spreadOf(mine.map(({ wholeUs }) => wholeUs)).median.toFixed(1),
      cost.median.toFixed(2),
      String(mine.reduce((sum, { failed }) => sum + failed, 0)),
    ];
  }),
);
const ofPool = ratio(sharesOf(ours), ({ perSecond }) => perSecond).median;
const ofBalancedPool = ratio(sharesOf(ours), ({ perSecond }) => perSecond, sharesOf(balancedPool)).median;
const verdicts = [
  { target: 'throughput at least 0.95 of a Pool', found: ofPool, met: ofPool >= 0.95 },
  { target: 'throughput at least that of BalancedPool', found: ofBalancedPool, met: ofBalancedPool >= 1 },
];
for (const { target, found, met } of verdicts) {
  process.stdout.write(`${met ? 'met    ' : 'NOT MET'}  ${target}: ${found.toFixed(3)}\n`);
}
process.stdout.write(`\n${provenanceInWords(provenance)}\n`);
if (options.json !== undefined) {
  const results = subjects.map((subject) => ({ subject: subject.name, rounds: sharesOf(subject) }));
  const whole = { provenance, setting: { connections, rounds, turns: turnsEach, turnMs }, verdicts, results };
  writeFileSync(options.json, `${JSON.stringify(whole, undefined, 2)}\n`);
}
if (options.svg !== undefined) writeFileSync(options.svg, plot());

function plot(): string {
  const shown = subjects.map((subject) => ({
    subject,
    speed: ratio(sharesOf(subject), ({ perSecond }) => perSecond),
    cost: spreadOf(sharesOf(subject).map(({ wholeUs }) => wholeUs)),
  }));
  return barChart({
    title: 'A greeting: requests a second, and what one costs the processor on this side',
    columns: [
      { head: 'requests a second, of a Pool', full: Math.max(...shown.map(({ speed }) => speed.median)) },
      { head: 'processor time, with that of a proxy', full: Math.max(...shown.map(({ cost }) => cost.median)) },
    ],
    rows: shown.map(({ subject, speed, cost }) => ({
      name: subject.name,
      kind: subject.way.startsWith('balancer') ? 'ours' : 'other',
      bars: [
        { spread: speed, label: speed.median.toFixed(2) },
        { spread: cost, label: `${cost.median.toFixed(1)} us` },
      ],
    })),
    origin: provenanceInWords(provenance),
  });
}

function sharesOf(subject: Subject): readonly Share[] {
  return shares.get(subject) ?? [];
}

/** Round by round: a machine that is slower for a while is slower for all. */
function ratio(mine: readonly Share[], value: (share: Share) => number, others = reference): Spread {
  return spreadOf(
    mine.map((share, round) => {
      const other = others[round];
      return other === undefined ? NaN : value(share) / value(other);
    }),
  );
}

async function takeRounds(): Promise<Map<Subject, Share[]>> {
  const servers = Array.from({ length: 3 }, () => new Child<never, number>(new URL('server.ts', import.meta.url)));
  try {
    const ports = await Promise.all(servers.map((server) => server.next()));
    const targets = ports.map((port): Target => ({ origin: `http://127.0.0.1:${port}` }));
    const taken = new Map(subjects.map((subject): [Subject, Share[]] => [subject, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [subject, share] of await takeRound(round, targets)) taken.get(subject)?.push(share);
    }
    return taken;
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

async function takeRound(round: number, targets: readonly Target[]): Promise<Map<Subject, Share>> {
  const runners: Runner[] = [];
  try {
    for (const subject of subjects) {
      const runner = await Runner.start(subject, targets.slice(0, subject.providers));
      runners.push(runner);
      await runner.run(warmUpMs);
    }
    for (const runner of runners) runner.forget();
    for (let turn = round; turn < round + turnsEach; turn += 1) {
      const first = turn % runners.length;
      for (const runner of [...runners.slice(first), ...runners.slice(0, first)]) await runner.run(turnMs);
    }
    return new Map(runners.map((runner) => [runner.subject, runner.share]));
  } finally {
    await Promise.all(runners.map((runner) => runner[Symbol.asyncDispose]()));
  }
}

function atLeastOne(option: string, given: string): number {
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${option} takes a whole number from 1`);
  return value;
}
