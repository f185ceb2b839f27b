/**
 * Whether anything grows that should not: `pnpm bench:leaks`.
 *
 * One balancer gets requests of every kind, with every way to end, while five times a second one endpoint leaves and another takes its
 * place. Now and then all that rests until idle connections have closed, and after a full collection of garbage the heap is measured.
 * What is judged is growth for each request: the least that one could leave behind is an object of 16 bytes, and a connection pool
 * left behind by each endpoint would come to more. The engine only interprets meanwhile, or its own code would be what grows.
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
import { slope } from './slope.ts';

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
  readonly requests: number;
  readonly heapBytes: number;
  readonly sockets: number;
  readonly timers: number;
}

const providerCount = 3;
const requestsASample = 4000;
const atOnce = 32;
const replaceEveryMs = 200;
/** Longer than the balancer keeps a connection that nobody uses. */
const restMs = 5000;
const mostBytesPerRequest = 4;

setFlagsFromString('--expose-gc');
// What the engine compiles and throws away again would be megabytes, for minutes.
for (const tier of ['opt', 'maglev', 'sparkplug', 'flush-bytecode']) setFlagsFromString(`--no-${tier}`);
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
const leaving = new AbortController();
const endpoints = { resting: false, replaced: 0 };
const balancer = createBalancer({
  service: 'leaks',
  discovery: { [Symbol.asyncIterator]: () => turnover(leaving.signal) },
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
  endpoints.resting = true;
  await after(restMs);
  await collectAll();
  const minute = (performance.now() - start) / 60_000;
  samples.push({ minute, requests, heapBytes: process.memoryUsage().heapUsed, ...counts() });
  endpoints.resting = false;
}
leaving.abort();
await balancer.close();
for (const provider of providers) await provider[Symbol.asyncDispose]();
await after(100);
const end = counts();

// The first fifth is code being compiled and caches being filled.
const settled = samples.slice(Math.floor(samples.length / 5));
const growth = slope(settled.map((sample) => [sample.requests, sample.heapBytes]));
const verdicts = [
  { target: `heap: at most ${mostBytesPerRequest} bytes a request`, found: growth, met: growth <= mostBytesPerRequest },
  { target: 'sockets left when closed: 0', found: end.sockets - before.sockets, met: end.sockets <= before.sockets },
  { target: 'timers left when closed: 0', found: end.timers - before.timers, met: end.timers <= before.timers },
];

const tenth = Math.max(1, Math.floor(samples.length / 10));
printTable(
  `${requests} requests in ${minutes} min, ${failed} of them failed, as they had to; ${endpoints.replaced} endpoints were replaced`,
  ['minute', 'requests', 'heap MB', 'sockets', 'timers'],
  Array.from({ length: Math.ceil(samples.length / tenth) }, (_, index) => {
    const part = samples.slice(index * tenth, (index + 1) * tenth);
    const middle = (value: (sample: Sample) => number): number => median(part.map(value));
    return [
      middle(({ minute }) => minute).toFixed(1),
      middle((sample) => sample.requests).toFixed(0),
      middle(({ heapBytes }) => heapBytes / 2 ** 20).toFixed(2),
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
  const whole = {
    provenance,
    setting: { minutes, atOnce, requests, failed, replaced: endpoints.replaced },
    verdicts,
    samples,
  };
  writeFileSync(options.json, `${JSON.stringify(whole, undefined, 2)}\n`);
}
process.exitCode = verdicts.every(({ met }) => met) ? 0 : 1;

/** Endpoints at the providers' addresses, one of which is a new run at the same address every now and then. */
async function* turnover(signal: AbortSignal): AsyncGenerator<Snapshot, void> {
  const runs = origins.map(() => 0);
  for (let revision = 1; !signal.aborted; revision += 1) {
    const listed = origins.map((origin, index): Endpoint => ({
      id: `${index}-${runs[index]}`,
      origin,
      state: 'serving',
      metadata: {},
    }));
    yield { revision, endpoints: listed };
    do await after(replaceEveryMs, undefined, { signal }).catch(() => {});
    while (endpoints.resting && !signal.aborted);
    runs[revision % runs.length] = revision;
    endpoints.replaced += 1;
  }
}

/** What only a finalizer lets go of is gone after the second time, and what that held after the third. */
async function collectAll(): Promise<void> {
  for (let time = 0; time < 3; time += 1) {
    collect();
    await after(10);
  }
}

function counts(): { readonly sockets: number; readonly timers: number } {
  const resources = process.getActiveResourcesInfo();
  const count = (kind: string): number => resources.filter((resource) => resource === kind).length;
  return { sockets: count('TCPSocketWrap'), timers: count('Timeout') };
}
