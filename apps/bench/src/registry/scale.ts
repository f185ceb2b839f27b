/** One discovery of a large service, measured in a process of its own (`--expose-gc`), which ends by telling its parent the figures. */
import { discover } from '@lb/registry';
import { setTimeout as after } from 'node:timers/promises';

import { type ScaleFigures, service } from './figures.ts';

const [, , hosts = '', puts = '0'] = process.argv;
const wanted = Number(puts);
const quietMs = 1000;

function heapBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

// What gRPC and etcd3 take once, for however few endpoints, is not what these cost.
await using warm = discover({ hosts, service: 'nobody' });
await warm.connect();
const before = heapBytes();

const startedAt = performance.now();
await using discovery = discover({ hosts, service });
const { endpoints } = await discovery.connect();
const listMs = performance.now() - startedAt;
const heap = heapBytes() - before;

let snapshots = 0;
let { revision } = discovery.current;
const enough = Promise.withResolvers<void>();
void (async () => {
  for await (const snapshot of discovery) {
    if (snapshot.revision === revision) continue;
    ({ revision } = snapshot);
    snapshots += 1;
    if (snapshots === wanted) enough.resolve();
  }
})();

// What runs all the time, without a put, is taken off.
const idleFrom = process.cpuUsage();
await after(quietMs);
const idle = process.cpuUsage(idleFrom);
const busyFrom = process.cpuUsage();
const busySince = performance.now();
process.send?.('ready');
await enough.promise;
const busy = process.cpuUsage(busyFrom);
const idleUs = ((idle.user + idle.system) * (performance.now() - busySince)) / quietMs;
const figures: ScaleFigures = {
  endpoints: endpoints.length,
  listMs,
  heapBytes: heap,
  cpuMsPerPut: (busy.user + busy.system - idleUs) / 1000 / snapshots,
};
process.send?.(figures);
process.disconnect();
