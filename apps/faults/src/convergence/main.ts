/**
 * Looks for a way to make a view of the registry wrong: `pnpm converge --minutes 5 --seed 1`.
 *
 * Writers change endpoints in a real etcd, views follow behind proxies, and one fault after the other happens to links and to etcd.
 * Ends with 1 when a view was ever wrong, and with 2 when the run could not have shown it. `--planted` plants known bugs into the
 * registry, one run each, and ends with 1 when one is not found.
 */
import { hasEtcd, provenanceInWords, provenanceOf } from '@lb/testkit';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { exitOnSignals } from '../exit-on-signals.ts';
import { catchUpMs, check, leastWritesPerSecond, vacuous } from './check.ts';
import type { RunHistory } from './history.ts';
import { run } from './run.ts';

exitOnSignals();

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    /** How many times as long as promised views may take, on a machine that is busy with something else. */
    headroom: { type: 'string', default: '1' },
    /** Successful writes a second before each fault, below which a run proves nothing. */
    'least-writes': { type: 'string', default: String(leastWritesPerSecond) },
    'until-violation': { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    /** Everything that happened. */
    json: { type: 'string' },
  },
});

/**
 * Those of the registry's planted bugs that make a view wrong, as against a registration or a bill. Not among
 * them are streams that are not asked whether they live, for pings of gRPC find the same some seconds later, and refusals that go unheard,
 * for such streams do not answer when asked: what the one lets pass, the other finds.
 */
const bugsOfViews = [
  'header-revision resume',
  'no wipe detection',
  'a lower revision is not believed',
  'empty on error',
  'clear, then fill',
  'ghosts',
  'one try',
];

if (!hasEtcd()) {
  process.stdout.write('skipped: there is no etcd on the PATH\n');
} else if (options.planted) {
  process.exitCode = findPlanted() ? 0 : 1;
} else {
  process.exitCode = await converge();
}

async function converge(): Promise<number> {
  const leastRate = Number(options['least-writes']);
  const boundMs = catchUpMs * Number(options.headroom);
  const history = await run({
    seed: Number(options.seed),
    minutes: Number(options.minutes),
    writesPerSecond: 1.8 * leastRate,
    untilViolation: options['until-violation'] ? { boundMs } : undefined,
    onFault: ({ name, writesPerSecond, caughtUpMs }) =>
      void process.stdout.write(
        `${name.padEnd(26)} caught up after ${caughtUpMs?.toFixed(0) ?? 'ever'} ms (${writesPerSecond.toFixed(0)} writes/s before)\n`,
      ),
  });
  const violations = check(history, boundMs);
  for (const { property, view, what } of violations.slice(0, 20)) {
    process.stdout.write(`WRONG  ${property}, ${view}: ${what}\n`);
  }
  const why = vacuous(history, leastRate);
  const provenance = provenanceOf(['pnpm converge', ...process.argv.slice(2)].join(' '));
  process.stdout.write(
    `\n${inWords(history)}\n${violations.length} wrong${why === undefined ? '' : `; REFUSED: ${why}`}\n`,
  );
  process.stdout.write(`${provenanceInWords(provenance)}\n`);
  if (options.json !== undefined)
    writeFileSync(options.json, asJson(history, { provenance, violations, refused: why }));
  if (violations.length > 0) return 1;
  return why === undefined ? 0 : 2;
}

function findPlanted(): boolean {
  const plant = new URL('../../../../packages/registry/test/planted-bugs/plant.ts', import.meta.url).href;
  const missed = bugsOfViews.filter((bug) => {
    const args = ['--conditions=@lb/source', '--import', plant, fileURLToPath(import.meta.url)];
    const limits = [
      '--minutes',
      options.minutes,
      '--seed',
      options.seed,
      '--until-violation',
      '--headroom',
      options.headroom,
    ];
    const { status, stdout } = spawnSync(process.execPath, [...args, ...limits], {
      env: { ...process.env, PLANT: bug },
      encoding: 'utf8',
    });
    const first = /^WRONG {2}.*$/m.exec(stdout)?.[0] ?? '';
    process.stdout.write(`${status === 1 && first !== '' ? 'found ' : 'MISSED'}  ${bug}: ${first.slice(0, 150)}\n`);
    return status !== 1 || first === '';
  });
  process.stdout.write(`${bugsOfViews.length - missed.length} of ${bugsOfViews.length} planted bugs found\n`);
  return missed.length === 0;
}

function inWords({ worlds, views, faults, disconnects }: RunHistory): string {
  const changes = worlds.reduce((sum, world) => sum + world.changes.length, 0);
  const published = views.reduce((sum, view) => sum + view.published.length, 0);
  const slowest = Math.max(...faults.map(({ caughtUpMs = Infinity }) => caughtUpMs));
  return `${changes} revisions, ${published} snapshots of ${views.length} views, ${faults.length} faults, ${disconnects} disconnects, slowest to catch up ${slowest.toFixed(0)} ms`;
}

/** One line a change and a snapshot: such files are searched, not read. */
function asJson({ worlds, views, faults, disconnects }: RunHistory, about: object): string {
  return JSON.stringify({
    ...about,
    faults,
    disconnects,
    worlds,
    views: views.map(({ name, published }) => ({
      name,
      published: published.map(({ at, revision, endpoints }) => ({
        at: Math.round(at),
        revision,
        endpoints: Object.fromEntries(endpoints),
      })),
    })),
  });
}
