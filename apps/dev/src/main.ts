/** `pnpm dev`: the whole picture on one machine, with a gentle load, and a line a second about how it goes. */
import { configOrExit } from '@lb/common';
import { Type } from 'typebox';

import { pnpm, providers } from './cluster.ts';
import { Load } from './load.ts';
import { speaker } from './output.ts';
import { Report } from './report.ts';
import { whenStarterIsGone } from './starters.ts';
import { System } from './system.ts';
import { waitUntilReady } from './wait-until-ready.ts';

const schema = Type.Object({
  ETCD_HOSTS: Type.Optional(Type.String({ description: 'A real etcd to use instead of the embedded one' })),
  RATE: Type.Number({ default: 200, minimum: 0, maximum: 5000, description: 'Requests a second of the built-in load' }),
});

const settings = configOrExit({
  about: 'Starts the whole picture on this machine: etcd, three providers, the consumer, and a gentle load.',
  schema,
  toConfig: (values) => values,
});
const say = speaker('dev', 5);
const system = new System(say);
const report = new Report(providers);
let load: Load | undefined;
let lines: NodeJS.Timeout | undefined;
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));
whenStarterIsGone(() => void stop('the end of whoever started it'));

say(
  settings.ETCD_HOSTS === undefined
    ? 'etcd: the embedded one, for development; set ETCD_HOSTS to use another'
    : `etcd: ${settings.ETCD_HOSTS}, from ETCD_HOSTS`,
);
const origin = await system.start(settings.ETCD_HOSTS);
if (await waitUntilReady(origin, settings.ETCD_HOSTS, say, () => stopping)) run();

function run(): void {
  say(`look:  ${origin}/lb/`);
  say(`ask:   curl '${origin}/hash?text=hello'`);
  say(`Ctrl-C stops everything. ${pnpm} demo breaks one thing after the other, and tells what to watch`);
  load = new Load(origin, settings.RATE, (sample) => report.add(sample));
  load.start();
  lines = setInterval(() => say(report.line(performance.now())), 1000);
}

async function stop(why: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  say(`stopping on ${why}`);
  clearInterval(lines);
  await load?.stop();
  await system.stop();
  say(`stopped: ${report.summary()}`);
  process.exit(0);
}
