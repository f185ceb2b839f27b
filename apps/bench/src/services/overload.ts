/**
 * Three times what the providers can carry. What they can carry is set by their slots, so that it is known: with `--rate 300`, 4 providers × 4
 * slots, 50 ms a request, are 320 a second. The machine must be able to send and to refuse three times as many.
 */
import { setTimeout as after } from 'node:timers/promises';

import type { AppProcess } from './app-process.ts';
import { kinds, OpenLoop, percentile, type Sent } from './open-loop.ts';
import { atLeast, atMost, none, type Situation } from './promise.ts';
import { System } from './system.ts';

const providers = 4;
const workMs = 50;

export const overload: Situation = {
  about: 'Three times what the providers can carry, in an open loop',
  async run({ scale, perSecond }) {
    const slots = Math.max(1, Math.round((perSecond * workMs) / 1000 / providers));
    const capacity = (providers * slots * 1000) / workMs;
    await using system = await System.start();
    await system.providers(providers, {
      SLOTS: String(slots),
      QUEUE: String(slots),
      LB_MAX_CONCURRENCY: String(slots),
      WORK_MS: String(workMs),
    });
    const consumer = await system.consumer('consumer', {
      MAX_EVENT_LOOP_DELAY_MS: '100',
      // Whoever waits, waits for one more request at most: longer queues end in time-outs, and in work that nobody waits for.
      LB_QUEUE_LIMIT: String(providers * slots),
    });
    await offer(consumer, capacity / 2, 2000);
    const usual = await offer(consumer, capacity, 10_000 * scale);
    const before = consumer.rss();
    const memory: number[] = [];
    const sampler = setInterval(() => memory.push(consumer.rss()), 1000);
    const over = await offer(consumer, 3 * capacity, 20_000 * scale);
    clearInterval(sampler);
    await after(500);
    const later = await offer(consumer, capacity / 2, 3000);

    const shed = over.sent.filter(({ status }) => status === 503);
    const other = over.sent.filter(({ status }) => status !== 200 && status !== 503);
    const peak = usual.goodput;
    const half = Math.floor(memory.length / 2);
    const firstHalf = Math.max(before, ...memory.slice(0, half));
    return {
      promises: [
        atLeast('goodput against the peak:', (over.goodput / peak) * 100, 80, ' %'),
        atMost(
          'the 99th percentile of refusals is',
          percentile(
            shed.map(({ elapsedMs }) => elapsedMs),
            0.99,
          ),
          20,
          ' ms',
        ),
        none('what is not carried out is refused with 503, and not left to time out', other.length, over.sent.length),
        atMost(
          'memory of the second half against the first:',
          (Math.max(...memory.slice(half)) / firstHalf) * 100,
          115,
          ' %',
        ),
        none(
          'nothing fails once it is over',
          later.sent.filter(({ status }) => status !== 200).length,
          later.sent.length,
        ),
      ],
      figures: {
        capacityPerSecond: capacity,
        peakPerSecond: Math.round(peak),
        offeredPerSecond: Math.round((over.sent.length / over.elapsedMs) * 1000),
        goodputPerSecond: Math.round(over.goodput),
        kinds: kinds(over.sent),
        refusedMs: quantiles(shed),
        answeredMs: quantiles(over.sent.filter(({ status }) => status === 200)),
        memoryMiB: memory.map((bytes) => Math.round(bytes / 2 ** 20)),
      },
    };
  },
};

interface Offered {
  readonly sent: readonly Sent[];
  readonly elapsedMs: number;
  /** Answered with 200, a second. */
  readonly goodput: number;
}

async function offer({ origin }: AppProcess, perSecond: number, forMs: number): Promise<Offered> {
  const load = new OpenLoop({
    perSecond,
    connections: 2000,
    next: (index) => ({ origin, method: 'GET', path: `/svc/hash/hash?text=${index}` }),
  });
  const since = performance.now();
  await after(forMs);
  const elapsedMs = performance.now() - since;
  const sent = await load.stop();
  return { sent, elapsedMs, goodput: (sent.filter(({ status }) => status === 200).length / elapsedMs) * 1000 };
}

function quantiles(sent: readonly Sent[]): Record<string, number> {
  const elapsed = sent.map(({ elapsedMs }) => elapsedMs);
  return Object.fromEntries(
    [0.5, 0.9, 0.99, 0.999].map((share) => [`p${share * 100}`, Math.round(percentile(elapsed, share))]),
  );
}
