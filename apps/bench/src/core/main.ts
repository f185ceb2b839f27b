/**
 * Measures picks, updates and allocations of every policy beside what others offer, and says which of the promises below hold.
 *
 * `pnpm bench:core`, or `pnpm bench:core --json FILE` for the figures as well. Takes some minutes. Figures are nanoseconds of this
 * machine at this moment; what travels is the ratio to a bare random index, measured in turns with each subject.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import type { Figures } from './figures.ts';
import { promises } from './promises.ts';
import { constantTime, hashes, linearTime } from './subjects.ts';
import { printTable } from '@lb/testkit';

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });
const all: Figures[] = [];

function measured(name: string, size: number, ...wanted: string[]): Figures {
  const script = new URL('measure.ts', import.meta.url).pathname;
  const args = ['--conditions=@lb/source', script, name, String(size), ...wanted];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 });
  const figures: Figures = JSON.parse(output);
  all.push(figures);
  return figures;
}

const ns = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(value < 100 ? 1 : 0));
const ratio = ({ pick = NaN, floor = NaN }: Figures): string => (pick / floor).toFixed(1);
const sizes = [3, 100, 1000, 10_000];

process.stdout.write(
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}; nanoseconds, the fastest of several rounds\n\n`,
);

const columns = sizes.flatMap((size) => [`n=${size}`, '× floor']);
printTable(
  'A pick, and its ratio to a bare random index among as many; begin and end of the request with it',
  ['policy', ...columns, 'cycle, n=100'],
  constantTime.map((name) => {
    const row = sizes.map((size) => measured(name, size, 'pick', 'cycle'));
    return [name, ...row.flatMap((figures) => [ns(figures.pick), ratio(figures)]), ns(row[1]?.cycle)];
  }),
);

printTable(
  'A pick that looks at every peer',
  ['policy', 'n=3', 'n=100'],
  linearTime.map((name) => [name, ...[3, 100].map((size) => ns(measured(name, size, 'pick').pick))]),
);

const hashRivals = [
  'hashring, many keys',
  'hashring, 1 000 keys',
  'consistent-hash, many keys',
  'consistent-hash, 160 points',
  'consistent-hash, 1 000 keys',
];
printTable(
  'A pick by key: 65 536 keys in turn, but where it says 1 000, which hashring all remembers. One peer leaves little but the hash of the\n' +
    'key: ketama is the ring of nginx, by CRC-32, and as libketama, like hashring, computes MD5. consistent-hash has 40 points for each unit of weight.',
  ['policy', 'n=100', '× floor', 'n=1'],
  [...hashes, ...hashRivals].map((name) => {
    const alone = measured(name, 1, 'pick');
    const figures = measured(name, 100, 'pick');
    return [name, ns(figures.pick), ratio(figures), ns(alone.pick)];
  }),
);

const otherRivals = [
  'load-balancers random',
  'load-balancers p2c',
  'grpc-js round_robin',
  'grpc-js weighted_round_robin',
];
printTable(
  'A pick of other packages, among 100',
  ['package', 'ns', '× floor'],
  otherRivals.map((name) => {
    const figures = measured(name, 100, 'pick');
    return [name, ns(figures.pick), ratio(figures)];
  }),
);

const microseconds = (value: number | undefined): string => ns(value === undefined ? undefined : value / 1000);
printTable(
  'A change of one endpoint: at once, and with the first pick after it, in microseconds',
  ['policy', 'n=100', 'with pick', 'n=10 000', 'with pick'],
  [...constantTime, ...linearTime, ...hashes].map((name) => {
    const row = [100, 10_000].map((size) => measured(name, size, 'rebuild', 'update'));
    return [name, ...row.flatMap((figures) => [microseconds(figures.rebuild), microseconds(figures.update)])];
  }),
);

printTable(
  'Bytes by which the heap grows with a pick, over ten million picks among 100',
  ['policy', 'bytes a pick'],
  [...constantTime, ...hashes].map((name) => {
    return [name, ((measured(name, 100, 'growth').growth ?? NaN) / 1e7).toFixed(2)];
  }),
);

printTable(
  'Promises',
  ['', 'figure', 'bound', ''],
  promises(all).map(({ what, figure, bound }) => [
    what,
    figure.toFixed(2),
    String(bound),
    figure <= bound ? 'holds' : 'MISSED',
  ]),
);

if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, figures: all }, undefined, 2)}\n`,
  );
}
