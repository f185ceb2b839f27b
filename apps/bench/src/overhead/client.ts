/** Asks for greetings as fast as they come, so many at a time, in a process of its own for each subject. Between orders it rests. */
import { createSender, type Sender, type Target, type Way } from '../sender.ts';

export interface LoadOrder {
  readonly way: Way;
  readonly targets: readonly Target[];
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadFigures {
  readonly requests: number;
  readonly failed: number;
  readonly elapsedMs: number;
  /** Processor time of this process. */
  readonly cpuMs: number;
}

/** What the first order asked for; those that follow differ in how long. */
let sender: Sender | undefined;

process.on('message', (order: LoadOrder) => {
  void load(order).then((figures) => process.send?.(figures));
});
process.on('disconnect', () => process.exit());

async function load({ way, targets, connections, durationMs }: LoadOrder): Promise<LoadFigures> {
  const sending = (sender ??= createSender(way, targets, Math.random, connections));
  // Connections are open when it counts.
  await Promise.all(Array.from({ length: connections }, () => sending.send('/')));
  let requests = 0;
  let failed = 0;
  const start = performance.now();
  const before = process.cpuUsage();
  const one = async (): Promise<void> => {
    while (performance.now() - start < durationMs) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- a closed loop: the next one when this one is answered
      if ((await sending.send('/')) !== 200) failed += 1;
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { requests, failed, elapsedMs, cpuMs: (user + system) / 1000 };
}
