/**
 * What the services promise when they are replaced, overrun and abused, on real processes: `pnpm bench:services`, or some of
 * `redeploy stop overload abuse`. Ends with 1 when a promise was not kept.
 */
import { provenanceInWords, provenanceOf } from '@lb/testkit';
import { writeFileSync } from 'node:fs';
import { parseArgs, styleText } from 'node:util';

import { abuse } from './abuse.ts';
import { consumerStop } from './consumer-stop.ts';
import { overload } from './overload.ts';
import type { Outcome, Situation } from './promise.ts';
import { redeploy } from './redeploy.ts';

const situations: Readonly<Record<string, Situation>> = { redeploy, stop: consumerStop, overload, abuse };

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** How many times as long or large each is. */
    scale: { type: 'string', default: '1' },
    /** Requests a second of `redeploy` and `stop`: fewer for a machine that is busy with other things. */
    rate: { type: 'string', default: '300' },
    /** A file for everything that was measured. */
    json: { type: 'string' },
  },
});
const scale = Number(options.scale);
const perSecond = Number(options.rate);
if (!(scale > 0 && perSecond > 0)) throw new RangeError('--scale and --rate take a number above 0');
const unknown = positionals.filter((name) => !(name in situations));
if (unknown.length > 0) throw new RangeError(`There are ${Object.keys(situations).join(', ')}`);

const outcomes: Record<string, Outcome> = {};
for (const [name, { about, run }] of Object.entries(situations)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stdout.write(`${styleText('bold', name)}: ${about}\n`);
  const outcome = await run({ scale, perSecond });
  outcomes[name] = outcome;
  for (const { promise, measured, kept } of outcome.promises) {
    process.stdout.write(
      `  ${kept ? styleText('green', 'kept  ') : styleText('red', 'BROKEN')} ${promise}  (${measured})\n`,
    );
  }
  for (const [figure, value] of Object.entries(outcome.figures)) {
    process.stdout.write(`         ${figure}: ${JSON.stringify(value)}\n`);
  }
}
const provenance = provenanceOf(['pnpm bench:services', ...process.argv.slice(2)].join(' '));
process.stdout.write(`\n${provenanceInWords(provenance)}\n`);
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ provenance, outcomes }, undefined, 2)}\n`);
const broken = Object.values(outcomes).some(({ promises }) => promises.some(({ kept }) => !kept));
process.exit(broken ? 1 : 0);
