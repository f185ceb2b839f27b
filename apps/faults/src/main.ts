/**
 * Does to real processes what can go wrong, and holds what happens against what is promised: `pnpm faults`.
 *
 * Ends with 1 when a promise was not kept. A row that cannot be played here says why, and counts as neither.
 */
import { provenanceInWords, provenanceOf } from '@lb/testkit';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { exitOnSignals } from './exit-on-signals.ts';
import { playAll } from './play.ts';
import { asJson, inWords, summary } from './report.ts';
import { rows } from './rows/index.ts';

exitOnSignals();

const { values: options } = parseArgs({
  options: {
    /** Only rows whose name begins with this, such as `provider` or `provider/killed`. */
    only: { type: 'string', multiple: true },
    /** The subset that is played with the tests. */
    quick: { type: 'boolean', default: false },
    /** How many times as long as promised a time may be, on a machine that is busy with something else. */
    headroom: { type: 'string', default: '1' },
    /** How often each row is played: one that is kept most of the time is not kept. */
    rounds: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const headroom = numberFrom('headroom', options.headroom);
const rounds = numberFrom('rounds', options.rounds);
const chosen = rows.filter(
  ({ name, quick }) =>
    (options.only?.some((start) => name === start || name.startsWith(`${start}/`)) ?? true) &&
    (!options.quick || quick === true),
);
if (chosen.length === 0) throw new RangeError(`--only takes ${rows.map(({ name }) => name).join(', ')}`);
if (options.list) {
  process.stdout.write(chosen.map(({ name, fault }) => `${name}: ${fault}\n`).join(''));
  process.exit();
}

const provenance = provenanceOf(['pnpm faults', ...process.argv.slice(2)].join(' '));
const again = Array.from({ length: rounds }, () => chosen).flat();
const played = await playAll(again, {
  headroom,
  onPlayed: (one) => void process.stdout.write(inWords(one, headroom)),
});
process.stdout.write(`\n${summary(played)}\n${provenanceInWords(provenance)}\n`);
if (options.json !== undefined) writeFileSync(options.json, asJson(played, { provenance, headroom }));
process.exitCode = played.some(({ verdict }) => verdict === 'missed') ? 1 : 0;

function numberFrom(option: string, given: string): number {
  const value = Number(given);
  if (!(value >= 1)) throw new RangeError(`--${option} takes a number from 1`);
  return value;
}
