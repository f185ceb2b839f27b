/** Asks for greetings as fast as they come, so many at a time, in a process of its own for each subject. */
import { createSender, type Target, type Way } from '../sender.ts';

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

process.on('message', (order: LoadOrder) => {
  void load(order).then((figures) => process.send?.(figures));
});
process.on('disconnect', () => process.exit());

async function load({ way, targets, connections, durationMs }: LoadOrder): Promise<LoadFigures> {
  const sender = createSender(way, targets, Math.random, connections);
  // Connections are open, and this process has run before, when it counts.
  await Promise.all(Array.from({ length: connections }, () => sender.send('/')));
  let requests = 0;
  let failed = 0;
  const start = performance.now();
  const before = process.cpuUsage();
  const one = async (): Promise<void> => {
    while (performance.now() - start < durationMs) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- a closed loop: the next one when this one is answered
      if ((await sender.send('/')) !== 200) failed += 1;
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  await sender.close();
  return { requests, failed, elapsedMs, cpuMs: (user + system) / 1000 };
}
