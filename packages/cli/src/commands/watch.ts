/** What changes, as it does. */
import { setTimeout as after } from 'node:timers/promises';

import type { Command } from '../command.ts';
import { fetchState, stateUrl } from '../consumer-state.ts';
import { exitCodes } from '../exit-codes.ts';
import { etcdOptions, readEtcdOptions } from '../settings.ts';
import { JsonView } from '../watch/json-view.ts';
import { LiveView } from '../watch/live-view.ts';
import { PlainView } from '../watch/plain-view.ts';
import type { View } from '../watch/view.ts';

export const watch: Command = {
  name: 'watch',
  about: 'follow services as they change: a live table, or lines in a pipe',
  positionals: [{ name: 'service', optional: true, about: 'service to follow', complete: 'service' }],
  options: {
    consumer: { value: 'URL', env: 'LB_CONSUMER', about: 'a consumer to take shares, rates and latencies from' },
    every: { value: 'MS', about: 'how often to ask it (1000)' },
    json: { about: 'one JSON object a line: snapshots, losses, recoveries, traffic' },
    ...etcdOptions,
  },
  details: `Without a consumer there are the facts of the registry only: who is registered, and what weight asks for.
SHARE is what the consumer has sent over its window, WEIGHT SHARE what the weights ask for. * marks what an
operator has set. Ends on Ctrl-C.`,
  run: async (given, terminal, world) => {
    const etcd = await readEtcdOptions(given, world.env);
    const consumer = given.text('consumer');
    const url = consumer === undefined ? undefined : stateUrl(consumer);
    const everyMs = given.number('every', { min: 100, max: 3_600_000 }) ?? 1000;
    const state = url && (await fetchState(url, world.signal));
    const view: View = given.flag('json')
      ? new JsonView(terminal, world.now)
      : terminal.isTty
        ? new LiveView(world.stdout, terminal)
        : new PlainView(terminal, world.now);

    const { Follow } = await import('../watch/follow.ts');
    const service = given.positional('service') ?? state?.service;
    const follow = new Follow({
      etcd,
      service,
      signal: world.signal,
      onSnapshot: (name, snapshot) => view.snapshot(name, snapshot),
      onLost: (name, why) => view.lost(name, why),
      onRecovered: (name) => view.recovered(name),
    });
    try {
      // A consumer shows what it does also while etcd is away from here.
      if (url !== undefined && service !== undefined) follow.add(service);
      else await follow.start();
      await untilStopped(view, url, everyMs, world.signal);
    } finally {
      view.end();
      await follow.close();
    }
    return exitCodes.ok;
  },
};

async function untilStopped(view: View, url: URL | undefined, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (url !== undefined) await showTraffic(view, url, signal);
    view.tick();
    await after(everyMs, undefined, { signal }).catch(() => {});
  }
}

async function showTraffic(view: View, url: URL, signal: AbortSignal): Promise<void> {
  try {
    view.traffic(await fetchState(url, signal));
  } catch (error) {
    if (!signal.aborted) view.noTraffic(error instanceof Error ? error.message : String(error));
  }
}
