/**
 * What a discovery of 10 000 endpoints takes, and how much later than etcd's own watch a snapshot is there: `pnpm bench:registry`.
 *
 * On a real etcd where there is one. Each figure stands beside what is promised, and the worst of all rounds counts.
 */
import { startEtcd } from '@lb/embedded-etcd';
import { hasEtcd, printTable, provenanceInWords, provenanceOf, quantile, startRealEtcd } from '@lb/testkit';
import { Etcd3 } from 'etcd3';
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { type ScaleFigures, service } from './figures.ts';
import { measureLatency } from './latency.ts';

const { values: options } = parseArgs({
  options: {
    endpoints: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    puts: { type: 'string', default: '300' },
    json: { type: 'string' },
  },
});
const count = Number(options.endpoints);
const rounds = Number(options.rounds);
const puts = Number(options.puts);
const putsPerRound = 30;
/** A transaction of etcd takes no more operations. */
const batch = 100;
/** Longer than snapshots are held back for. */
const pauseMs = 100;

const etcd = hasEtcd() ? await startRealEtcd() : await startEtcd({ port: 0 });
const client = new Etcd3({ hosts: etcd.hosts });

const keyOf = (index: number): string => `lb/${service}/endpoint-${index}`;
const valueOf = (index: number, weight: number): string =>
  JSON.stringify({
    Op: 0,
    Addr: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}:8080`,
    lb: { v: 1, id: `endpoint-${index}`, weight, zone: 'eu-west-1a', state: 'serving', metadata: { version: '1.2.3' } },
  });
for (let start = 0; start < count; start += batch) {
  const indexes = Array.from({ length: Math.min(batch, count - start) }, (_, offset) => start + offset);
  await client
    .if('none', 'Create', '==', 0)
    .then(...indexes.map((index) => client.put(keyOf(index)).value(valueOf(index, 1))))
    .commit();
}

async function measureScale(): Promise<ScaleFigures> {
  const child = fork(new URL('scale.ts', import.meta.url), [etcd.hosts, String(putsPerRound)], {
    execArgv: ['--conditions=@lb/source', '--expose-gc'],
  });
  const done = Promise.withResolvers<ScaleFigures>();
  child.on('message', (message: 'ready' | ScaleFigures) => {
    if (message === 'ready') void change();
    else done.resolve(message);
  });
  child.once('exit', (code) => done.reject(new Error(`The measured process ended with ${code}`)));
  return done.promise;
}

async function change(): Promise<void> {
  for (let index = 0; index < putsPerRound; index += 1) {
    await client.put(keyOf(index)).value(valueOf(index, Math.random()));
    await after(pauseMs);
  }
}

const scale: ScaleFigures[] = [];
for (let round = 0; round < rounds; round += 1) scale.push(await measureScale());
const latency = await measureLatency(client, etcd.hosts, puts);
client.close();
await etcd.close();

const worst = (of: (figures: ScaleFigures) => number): number => Math.max(...scale.map(of));
const [watchP99, snapshotP99] = [quantile(latency.watchMs, 0.99), quantile(latency.snapshotMs, 0.99)];
const figures: readonly (readonly [what: string, value: number, promise: number, unit: string])[] = [
  [`list of ${count} endpoints`, worst(({ listMs }) => listMs), 1000, 'ms'],
  ['heap that they take', worst(({ heapBytes }) => heapBytes) / 1024 / 1024, 20, 'MiB'],
  ['processor time from a put to its snapshot', worst(({ cpuMsPerPut }) => cpuMsPerPut), 5, 'ms'],
  ['3 endpoints: snapshot after a put, p99, to bare watch', snapshotP99 / watchP99, 2, 'times'],
];
printTable(
  `On ${hasEtcd() ? 'a real etcd' : 'the embedded etcd'}; the worst of ${rounds} rounds`,
  ['figure', 'measured', 'promised', ''],
  figures.map(([what, value, promise, unit]) => [
    what,
    `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`,
    `${promise} ${unit}`,
    value <= promise ? 'kept' : 'MISSED',
  ]),
);
printTable(
  `From a put, in milliseconds, over ${puts} puts`,
  ['seen by', 'p50', 'p90', 'p99', 'max'],
  [
    ['a bare watch', ...inMs(latency.watchMs)],
    ['a discovery', ...inMs(latency.snapshotMs)],
  ],
);
const provenance = provenanceOf(['pnpm bench:registry', ...process.argv.slice(2)].join(' '));
process.stdout.write(`${provenanceInWords(provenance)}\n`);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ provenance, scale, latency, figures }, undefined, 2)}\n`);
}
process.exitCode = figures.every(([, value, promise]) => value <= promise) ? 0 : 1;

function inMs(values: readonly number[]): string[] {
  return [0.5, 0.9, 0.99, 1].map((share) => quantile(values, share).toFixed(2));
}
