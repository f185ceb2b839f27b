import { discover } from '@lb/registry';
import { type Etcd3, type IWatchResponse } from 'etcd3';
import { setTimeout as after } from 'node:timers/promises';

import type { LatencyFigures } from './figures.ts';

const service = 'few';
const ids = ['a', 'b', 'c'];
/** Longer than snapshots are held back for. */
const pauseMs = 60;

/** Puts, one at a time, and when each was seen: by a bare watch of etcd and by a discovery, in the same process. */
export async function measureLatency(client: Etcd3, hosts: string, puts: number): Promise<LatencyFigures> {
  const put = async (id: string, weight: number): Promise<void> => {
    const value = { Op: 0, Addr: `127.0.0.1:${8000 + ids.indexOf(id)}`, lb: { v: 1, weight } };
    await client.put(`lb/${service}/${id}`).value(JSON.stringify(value));
  };
  for (const id of ids) await put(id, 0);

  let onWatched: () => void = nobodyWaits;
  const stream = await client.watchClient.watch({});
  stream.on('error', () => {});
  const key = Buffer.from(`lb/${service}/`);
  const end = Buffer.from(`lb/${service}0`);
  const created = Promise.withResolvers<void>();
  stream.on('data', (response: IWatchResponse) => {
    if (response.created) created.resolve();
    if (response.events.length > 0) onWatched();
  });
  stream.write({ create_request: { key, range_end: end } });
  await created.promise;

  await using discovery = discover({ hosts, service });
  await discovery.connect();
  let onSnapshot: (weight: number | undefined) => void = nobodyWaits;
  void (async () => {
    for await (const { endpoints } of discovery) onSnapshot(endpoints.find(({ id }) => id === 'a')?.weight);
  })();

  const watchMs: number[] = [];
  const snapshotMs: number[] = [];
  for (let round = 1; round <= puts; round += 1) {
    await after(pauseMs);
    const at = performance.now();
    const watched = new Promise<number>((resolve) => (onWatched = () => resolve(performance.now() - at)));
    const folded = new Promise<number>((resolve) => {
      onSnapshot = (weight) => weight === round && resolve(performance.now() - at);
    });
    await put('a', round);
    watchMs.push(await watched);
    snapshotMs.push(await folded);
  }
  stream.cancel();
  return { puts, watchMs, snapshotMs };
}

function nobodyWaits(): void {}
