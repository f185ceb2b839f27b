/**
 * Does one thing after the other to a system under load, for as long as it is told: `pnpm soak --minutes 10`.
 *
 * Steady state, a fault, the same steady state again. Ends with 1 when a request failed that may be repeated, or when a client does
 * not come back to the memory, sockets and timers that it had after its first faults.
 */
import { seededRandom } from '@lb/core';
import { provenanceInWords, provenanceOf } from '@lb/testkit';
import { writeFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { exitOnSignals } from '../exit-on-signals.ts';
import { missing } from '../needs.ts';
import type { Client } from '../processes/client.ts';
import type { ClientLook } from '../processes/orders.ts';
import { type Finding, isKept, least, most, note, within } from '../row.ts';
import { Stage } from '../stage.ts';
import { soakFaults } from './faults.ts';

exitOnSignals();

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    /** Requests a second, of both clients together. */
    'per-second': { type: 'string', default: '200' },
    json: { type: 'string' },
  },
});

/** From one fault to the next. */
const roundMs = 20_000;
const calmMs = 3000;
/** Idle connections are closed by then, and waits for a retry are over. */
const idleMs = 15_000;
/** What a heap may have more at the end: room for chance in what is not collected yet. An hour of soak may add as much again. */
const heapSlackBytes = 3 * 2 ** 20;

const reason = missing('etcd');
if (reason === undefined) {
  process.exitCode = (await soak()) ? 0 : 1;
} else {
  process.stdout.write(`skipped: ${reason}\n`);
}

async function soak(): Promise<boolean> {
  const minutes = Number(options.minutes);
  const random = seededRandom(Number(options.seed));
  const load = { perSecond: Number(options['per-second']) / 2, methods: 'get' } as const;
  await using stage = new Stage();
  const { registry, providers, client, links } = await stage.linkedSystem({ client: { gc: true } });
  const other = await stage.client({ hosts: [registry.hosts], gc: true });
  const clients = [client, other];
  for (const each of clients) await each.until('4 providers', ({ ids }) => ids.length === providers.length, 20_000);

  const counts = { requests: 0, failed: 0, attempts: 0, loopLateMs: 0 };
  const failures: string[] = [];
  /** Late event loops are told with each: what fails on a machine that stands still says nothing of us. */
  const rounds: object[] = [];
  const play = async (round: number): Promise<void> => {
    const fault = soakFaults[Math.floor(random() * soakFaults.length)];
    const provider = providers[Math.floor(random() * providers.length)];
    if (fault === undefined || provider === undefined) return;
    const begunAt = performance.now();
    await Promise.all(clients.map((each) => each.begin(load)));
    await after(calmMs);
    await fault.play({ registry, provider, links });
    await after(Math.max(calmMs, roundMs - (performance.now() - begunAt)));
    const histories = await Promise.all(clients.map((each) => each.end()));
    let failed = 0;
    let lateMs = 0;
    const told: string[] = [];
    for (const history of histories) {
      counts.requests += history.count;
      counts.attempts += history.attempts().length;
      lateMs = Math.max(lateMs, history.records.loopLateMs);
      failed += history.failed().length;
      if (history.failed().length > 0) told.push(history.failures());
    }
    counts.failed += failed;
    counts.loopLateMs = Math.max(counts.loopLateMs, lateMs);
    rounds.push({ round, fault: fault.name, provider: provider.name, failed, told, loopLateMs: Math.round(lateMs) });
    if (told.length > 0) failures.push(`round ${round}, ${fault.name}: ${told.join('; ')}`);
    const late = `${lateMs.toFixed(0).padStart(5)} ms late`;
    process.stdout.write(
      `${late}  ${String(round).padStart(4)}  ${fault.name}${failed === 0 ? '' : `: ${failed} FAILED: ${told.join('; ')}`}\n`,
    );
  };

  // The first rounds fill what is kept on purpose, and compile what is run.
  const end = performance.now() + minutes * 60_000;
  for (let round = 1; round <= 3; round += 1) await play(round);
  const before = await idle(clients);
  for (let round = 4; performance.now() < end; round += 1) await play(round);
  const afterwards = await idle(clients);
  const endLook = await client.until('4 providers at the end', ({ ids }) => ids.length === providers.length, 20_000);

  const findings: Finding[] = [
    most('failed', 0, counts.failed, failures.slice(0, 5).join('; ')),
    ...clients.flatMap((_, index) => returned(`client ${index + 1}`, before[index], afterwards[index], minutes)),
    least('peers at the end', providers.length, endLook.ids.length),
    most('suspects at the end', 0, endLook.suspects),
    note('requests', counts.requests),
    note('attempts a request', counts.attempts / counts.requests),
    within('event loop late at most', Infinity, counts.loopLateMs),
  ];
  for (const finding of findings) {
    const { figure, value, most: upper, least: lower, detail } = finding;
    const bound = upper === undefined ? (lower === undefined ? '' : ` (at least ${lower})`) : ` (at most ${upper})`;
    process.stdout.write(
      `${isKept(finding, 1) ? '' : 'MISSED  '}${figure}: ${Math.round(value * 1000) / 1000}${bound}${detail === undefined ? '' : `: ${detail}`}\n`,
    );
  }
  const provenance = provenanceOf(['pnpm soak', ...process.argv.slice(2)].join(' '));
  process.stdout.write(`${provenanceInWords(provenance)}\n`);
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ provenance, findings, rounds }, undefined, 2)}\n`);
  return findings.every((finding) => isKept(finding, 1));
}

async function idle(clients: readonly Client[]): Promise<ClientLook[]> {
  await after(idleMs);
  return Promise.all(clients.map((client) => client.look()));
}

function returned(
  name: string,
  before: ClientLook | undefined,
  end: ClientLook | undefined,
  minutes: number,
): Finding[] {
  if (before === undefined || end === undefined) return [most(`${name} looked at`, 0, NaN)];
  const heapMiB = (end.heapBytes - before.heapBytes) / 2 ** 20;
  return [
    most(`${name}: heap, MiB more`, (heapSlackBytes / 2 ** 20) * (1 + minutes / 60), heapMiB),
    most(`${name}: sockets more`, 2, end.sockets - before.sockets),
    most(`${name}: timers more`, 2, end.timers - before.timers),
    note(`${name}: heap, MiB`, end.heapBytes / 2 ** 20),
    note(`${name}: sockets`, end.sockets),
    note(`${name}: timers`, end.timers),
  ];
}
