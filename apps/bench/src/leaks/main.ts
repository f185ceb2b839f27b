/**
 * Whether anything grows that should not: `pnpm bench:leaks`.
 *
 * One balancer gets requests of every kind, with every way to end, while every second one endpoint leaves and another takes its place.
 * Every few seconds the requests stop, and after a full collection of garbage heap, sockets and timers are counted. What grows with the
 * requests shows in minutes; the rule for it is that of a day.
 */
import { createBalancer } from '@lb/balancer';
import type { Endpoint, Snapshot } from '@lb/core';
import { median, printTable, provenanceInWords, provenanceOf } from '@lb/testkit';
import { writeFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Child } from '../child.ts';
import { sendAll } from './client.ts';
import { slopePerHour } from './slope.ts';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    json: { type: 'string' },
  },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new RangeError('--minutes takes a number above 0');

interface Sample {
  readonly minute: number;
  readonly heapMb: number;
  readonly sockets: number;
  readonly timers: number;
}

const providerCount = 3;
/** Between two samples: some for each minute. */
const requestsASample = 5000;
const atOnce = 32;
/** Of the heap. A process that is started anew once a week may grow by this. */
const mostMbPerHour = 1;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const provenance = provenanceOf(['pnpm bench:leaks', ...process.argv.slice(2)].join(' '));
const before = counts();
const providers = Array.from(
  { length: providerCount },
  () => new Child<never, number>(new URL('provider.ts', import.meta.url)),
);
const origins = (await Promise.all(providers.map((provider) => provider.next()))).map(
  (port) => `http://127.0.0.1:${port}`,
);
const left = new AbortController();
const balancer = createBalancer({
  service: 'leaks',
  discovery: { [Symbol.asyncIterator]: () => replaceOneBySecond(left.signal) },
  // Those that leave do so without a word.
  suspicion: false,
  hedge: true,
});

const samples: Sample[] = [];
let requests = 0;
let failed = 0;
const start = performance.now();
while (performance.now() - start < minutes * 60_000) {
  failed += await sendAll(balancer, requestsASample, atOnce);
  requests += requestsASample;
  // Connections of those that left, and bodies that were not read to their end, take a moment to be gone.
  await after(500);
  collect();
  const { sockets, timers } = counts();
  const heapMb = process.memoryUsage().heapUsed / 2 ** 20;
  samples.push({ minute: (performance.now() - start) / 60_000, heapMb, sockets, timers });
}
left.abort();
await balancer.close();
for (const provider of providers) await provider[Symbol.asyncDispose]();
await after(100);
const end = counts();

// The first fifth is code being compiled and caches being filled.
const settled = samples.slice(Math.floor(samples.length / 5));
const growth = slopePerHour(settled.map(({ minute, heapMb }) => [minute, heapMb]));
const verdicts = [
  { target: `heap: at most ${mostMbPerHour} MB more an hour`, found: growth, met: growth <= mostMbPerHour },
  { target: 'sockets left when closed: 0', found: end.sockets - before.sockets, met: end.sockets <= before.sockets },
  { target: 'timers left when closed: 0', found: end.timers - before.timers, met: end.timers <= before.timers },
];

const tenth = Math.max(1, Math.floor(samples.length / 10));
printTable(
  `${requests} requests in ${minutes} min, ${failed} of them failed, as they had to; one endpoint of ${providerCount} new every second`,
  ['minute', 'heap MB', 'sockets', 'timers'],
  Array.from({ length: Math.ceil(samples.length / tenth) }, (_, index) => {
    const part = samples.slice(index * tenth, (index + 1) * tenth);
    const middle = (value: (sample: Sample) => number): number => median(part.map(value));
    return [
      middle(({ minute }) => minute).toFixed(1),
      middle(({ heapMb }) => heapMb).toFixed(2),
      middle(({ sockets }) => sockets).toFixed(0),
      middle(({ timers }) => timers).toFixed(0),
    ];
  }),
);
for (const { target, found, met } of verdicts) {
  process.stdout.write(`${met ? 'met    ' : 'NOT MET'}  ${target}: ${found.toFixed(2)}\n`);
}
process.stdout.write(`\n${provenanceInWords(provenance)}\n`);
if (options.json !== undefined) {
  const whole = { provenance, setting: { minutes, atOnce, requests, failed }, verdicts, samples };
  writeFileSync(options.json, `${JSON.stringify(whole, undefined, 2)}\n`);
}
process.exitCode = verdicts.every(({ met }) => met) ? 0 : 1;

/** Endpoints at the providers' addresses. Every second one of them is a new run at the same address. */
async function* replaceOneBySecond(signal: AbortSignal): AsyncGenerator<Snapshot, void> {
  const runs = origins.map(() => 0);
  for (let revision = 1; !signal.aborted; revision += 1) {
    const endpoints = origins.map((origin, index): Endpoint => ({
      id: `${index}-${runs[index]}`,
      origin,
      state: 'serving',
      metadata: {},
    }));
    yield { revision, endpoints };
    await after(1000, undefined, { signal }).catch(() => {});
    runs[revision % runs.length] = revision;
  }
}

function counts(): { readonly sockets: number; readonly timers: number } {
  const resources = process.getActiveResourcesInfo();
  const count = (kind: string): number => resources.filter((resource) => resource === kind).length;
  return { sockets: count('TCPSocketWrap'), timers: count('Timeout') };
}
