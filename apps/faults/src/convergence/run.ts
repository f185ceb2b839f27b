/** One run: writers, views behind proxies, faults by chance, and everything written down. */
import { seededRandom } from '@lb/core';
import { channels } from '@lb/registry';
import { startRealEtcd } from '@lb/testkit';
import { setTimeout as after } from 'node:timers/promises';

import { Operator } from '../operator.ts';
import { Audit } from './audit.ts';
import { catchUpMs, check } from './check.ts';
import { type Fault, faults } from './faults.ts';
import type { FaultRecord, RunHistory } from './history.ts';
import { RecordedView } from './views.ts';
import { Writers } from './writers.ts';

export interface RunOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly writesPerSecond: number;
  /** Whether to end at the first thing that is wrong, and how long catching up may take then. */
  readonly untilViolation?: { readonly boundMs: number } | undefined;
  readonly onFault?: (fault: FaultRecord) => void;
}

const service = 'converge';
const prefix = `lb/${service}/`;
const viewCount = 5;
/** Past this nothing comes by itself any more. */
const giveUpMs = 20_000;

export async function run({
  seed,
  minutes,
  writesPerSecond,
  untilViolation,
  onFault,
}: RunOptions): Promise<RunHistory> {
  const random = seededRandom(seed);
  const since = performance.now();
  const elapsed = (): number => performance.now() - since;
  await using stack = new AsyncDisposableStack();
  const etcd = stack.use(await startRealEtcd());
  const audit = stack.use(new Audit(etcd.hosts, prefix, since));
  const operator = new Operator([etcd.hosts]);
  const views = await Promise.all(
    Array.from({ length: viewCount }, (_, index) => RecordedView.start(`view ${index + 1}`, etcd.port, service, since)),
  );
  for (const view of views) stack.use(view);
  let disconnects = 0;
  stack.defer(
    channels.lost.subscribe((lost) => {
      if (lost.service === service && lost.attempt === 1) disconnects += 1;
    }),
  );
  const writers = new Writers({ host: etcd.hosts, prefix, random, writesPerSecond });
  writers.start();
  stack.defer(() => writers.stop());

  const field = { etcd, operator, audit, proxies: views.map(({ proxy }) => proxy), random };
  const records: FaultRecord[] = [];
  const history = (): RunHistory => ({
    worlds: audit.worlds,
    views: views.map((view) => view.history),
    faults: records,
    disconnects,
  });
  /** Until every view has what etcd holds now, in milliseconds; `undefined` when that takes too long. */
  const caughtUp = async (): Promise<number | undefined> => {
    const begunAt = elapsed();
    const { revision } = await operator.read(prefix);
    while (elapsed() - begunAt < giveUpMs) {
      // A revision of the world before says nothing; what comes after the fault is in the new one.
      if (
        audit.revision >= revision &&
        views.every(({ last }) => last !== undefined && last.at >= begunAt && last.revision >= revision)
      ) {
        return elapsed() - begunAt;
      }
      await after(10);
    }
    return undefined;
  };

  await caughtUp();
  const end = since + minutes * 60_000;
  /** Whether the time is over, or something is wrong. A view may be ahead of the audit for a moment, and is not judged by it then. */
  const isOver = async (): Promise<boolean> => {
    if (performance.now() >= end) return true;
    if (untilViolation === undefined) return false;
    const newest = Math.max(...views.map(({ last }) => last?.revision ?? 0));
    for (const giveUp = elapsed() + 2000; audit.revision < newest && elapsed() < giveUp; await after(10));
    return check(history(), untilViolation.boundMs).some(({ property }) => property !== 'equal');
  };
  /** Each once, in an order of chance, and then all of them again: none is left out of a run that is long enough. */
  let left: Fault[] = [];
  while (!(await isOver())) {
    const [before, begunAt] = [writers.written, elapsed()];
    await after(800 + random() * 400);
    const writes = ((writers.written - before) * 1000) / (elapsed() - begunAt);
    if (left.length === 0) left = [...faults];
    const [fault] = left.splice(Math.floor(random() * left.length), 1);
    if (fault === undefined) break;
    const at = elapsed();
    await fault.play(field);
    await operator.answered(giveUpMs);
    const healedAt = elapsed();
    const record = { name: fault.name, at, healedAt, writesPerSecond: writes, caughtUpMs: await caughtUp() };
    records.push(record);
    onFault?.(record);
  }
  await writers.stop();
  // Leases that nobody renews end, and then nothing changes any more.
  await after(3500);
  const { values } = await operator.read(prefix);
  const settle = elapsed() + catchUpMs;
  while (
    elapsed() < settle &&
    !views.every(({ last }) => last?.endpoints.size === values.size && last.revision >= audit.revision)
  ) {
    await after(20);
  }
  audit.assertWhole();
  return history();
}
