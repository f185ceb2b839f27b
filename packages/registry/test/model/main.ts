/**
 * `pnpm test:model [runs] [--real] [--bugs] [--seed n]`: the model on the embedded etcd in virtual time, on a real etcd in real time,
 * or with each of the known wrong designs planted.
 */
import { parseArgs } from 'node:util';

import { catchBugs } from '../planted-bugs/catch.ts';
import { runShards } from './shards.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    real: { type: 'boolean', default: false },
    bugs: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const seed = Number(values.seed);
const tell = (line: string): boolean => process.stdout.write(`${line}\n`);
const { real } = values;

if (values.bugs) {
  const { caught, missed } = await catchBugs({ seed, tell });
  tell(`${caught.length} of ${caught.length + missed.length} planted bugs caught (seed ${seed})`);
  if (missed.length > 0) process.exitCode = 1;
} else {
  const runs = Number(positionals[0] ?? (real ? 50 : 1000));
  const startedAt = performance.now();
  tell(`${runs} runs on ${real ? 'a real etcd' : 'the embedded etcd'}, seed ${seed}`);
  const result = await runShards({ runs, seed, real });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  tell(
    `${result.runs} runs with ${result.commands} commands, 0 violations, slowest convergence ${result.slowestMs.toFixed(0)} ms, in ${seconds} s`,
  );
}
