/**
 * The client of the race, in a process of its own: an open loop.
 *
 * Requests arrive when the schedule says, whether or not earlier ones were answered, and their time counts from the arrival in the
 * schedule. A closed loop would stop asking while a provider is slow, and so leave out just those who wait ("coordinated omission").
 */
import { seededRandom } from '@lb/core';
import { quantile } from '@lb/testkit';
import { setTimeout as after } from 'node:timers/promises';

import type { ClientAnswer, RunFigures, RunOrder } from './protocol.ts';
import { type Arrival, schedule } from './schedule.ts';
import { createSender } from '../sender.ts';

/** Requests may still be answered for so long after the last arrival. */
const patienceMs = 5000;

process.on('message', (order: RunOrder) => {
  void run(order).then(tell);
});
process.on('disconnect', () => process.exit());

async function run(order: RunOrder): Promise<RunFigures> {
  const arrivals = schedule(order);
  // A stream of chance for the subject alone: what it draws must not change what it is asked.
  const sender = createSender(order.way, order.targets, seededRandom(order.seed + 2 ** 33));
  const latencies: number[] = [];
  const late: number[] = [];
  const failures = new Map<string, number>();
  const fail = (reason: string): void => {
    failures.set(reason, (failures.get(reason) ?? 0) + 1);
    latencies.push(Infinity);
  };
  let over = false;

  tell('begun');
  const start = performance.now();
  const send = async ({ at, workMs }: Arrival): Promise<void> => {
    const counts = at >= order.warmUpMs;
    if (counts) late.push(performance.now() - start - at);
    let reason: string | undefined;
    try {
      const status = await sender.send(`/work?ms=${workMs.toFixed(3)}`);
      if (status !== 200) reason = String(status);
    } catch (error) {
      reason = codeOf(error);
    }
    if (!counts || over) return;
    if (reason === undefined) latencies.push(performance.now() - start - at);
    else fail(reason);
  };
  const sent: Promise<void>[] = [];
  for (const arrival of arrivals) {
    const early = arrival.at - (performance.now() - start);
    if (early > 0) await after(early);
    sent.push(send(arrival));
  }
  await Promise.race([Promise.all(sent), after(patienceMs)]);
  over = true;
  const offered = arrivals.filter(({ at }) => at >= order.warmUpMs).length;
  for (let answered = latencies.length; answered < offered; answered += 1) fail('unanswered');
  await Promise.race([sender.close(), after(patienceMs)]);
  return {
    arrivals: arrivals.length,
    offered,
    inTime: latencies.filter((ms) => ms <= order.deadlineMs).length,
    failures: Object.fromEntries(failures),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    p999: quantile(latencies, 0.999),
    lateMs: quantile(late, 0.99),
  };
}

/** What an error is called; one that wraps several, like ours, goes by the last of them. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'unknown';
}

function tell(message: ClientAnswer): void {
  process.send?.(message);
}
