/**
 * What the services promise when they are replaced, overrun and abused, on real processes: `pnpm bench:services`, or some of
 * `redeploy stop overload abuse`. Ends with 1 when a promise was not kept. What
 * was missed while the machine was too busy to tell is called unclear, and does not count.
 */
import { provenanceInWords, provenanceOf } from '@lb/testkit';
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs, styleText } from 'node:util';

import { abuse } from './abuse.ts';
import { consumerStop } from './consumer-stop.ts';
import { overload } from './overload.ts';
import type { Kept, Outcome, Situation } from './promise.ts';
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

const verdicts = {
  kept: styleText('green', 'kept   '),
  unclear: styleText('yellow', 'unclear'),
  broken: styleText('red', 'BROKEN '),
} as const;

/** This process does little. When it is late by more than this, the machine has no time for what is measured either. */
const clearMs = 50;

const outcomes: Record<string, Outcome & { readonly clear: boolean; readonly lateMs: number }> = {};
for (const [name, { about, run }] of Object.entries(situations)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stdout.write(`${styleText('bold', name)}: ${about}\n`);
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const outcome = await run({ scale, perSecond });
  lag.disable();
  const lateMs = lag.percentile(99) / 1e6 - 10;
  const clear = lateMs <= clearMs;
  outcomes[name] = { ...outcome, clear, lateMs };
  for (const promised of outcome.promises) {
    process.stdout.write(`  ${verdicts[verdictOf(promised, clear)]} ${promised.promise}  (${promised.measured})\n`);
  }
  for (const [figure, value] of Object.entries({ ...outcome.figures, lateMs: Math.round(lateMs) })) {
    process.stdout.write(`         ${figure}: ${JSON.stringify(value)}\n`);
  }
}
const provenance = provenanceOf(['pnpm bench:services', ...process.argv.slice(2)].join(' '));
process.stdout.write(`\n${provenanceInWords(provenance)}\n`);
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ provenance, outcomes }, undefined, 2)}\n`);
const broken = Object.values(outcomes).some(({ promises, clear }) =>
  promises.some((promised) => verdictOf(promised, clear) === 'broken'),
);
process.exit(broken ? 1 : 0);

function verdictOf({ kept, timed }: Kept, clear: boolean): keyof typeof verdicts {
  if (kept) return 'kept';
  return timed && !clear ? 'unclear' : 'broken';
}
